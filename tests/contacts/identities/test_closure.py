"""The closure over identifiers: any sequence and any cut into batches ends with the same people."""

import random
from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.contacts.identities.closure import Held, Plan, components, plan
from services.contacts.identities.rules import Key, Keys

EXTERNALS = [Key("external", source, value) for source in ("shop", "till") for value in "12"]
EMAILS = [Key("email", "", f"{name}@example.com") for name in "abc"]
PHONES = [Key("phone", "", f"+88691234567{digit}") for digit in range(3)]


class Book:
    """Carries plans out in memory, the way the tables do."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Key, UUID], bool] = {}
        self.facts: list[tuple[Keys, UUID | None]] = []
        self.people = 0

    def take(self, batch: Sequence[Keys]) -> Plan:
        keys = {key for fact in batch for key in fact.all}
        held = [Held(key, owner, joins) for (key, owner), joins in self.rows.items() if key in keys]
        found = plan(held, batch, self.new_person)
        moved = {(key, found.joins.get(owner, owner)): joins for (key, owner), joins in self.rows.items()}
        self.rows = {(key, owner): joins or key in found.joining for (key, owner), joins in moved.items()}
        self.rows |= {(one.key, one.owner): one.joins for one in found.gained}
        self.facts = [(fact, found.joins.get(owner, owner) if owner else None) for fact, owner in self.facts]
        self.facts += list(zip(batch, found.owners, strict=True))
        return found

    def new_person(self) -> UUID:
        self.people += 1
        return UUID(int=self.people)

    def partition(self) -> set[frozenset[Keys]]:
        owners = {owner for _, owner in self.facts if owner}
        return {frozenset(fact for fact, owner in self.facts if owner == one) for one in owners}


def told(*better: Key, phones: Sequence[Key] = ()) -> Keys:
    return Keys(frozenset(better), frozenset(phones)) if better else Keys(frozenset(phones), frozenset())


facts = st.builds(
    lambda better, phones: told(*better, phones=phones),
    st.lists(st.sampled_from([*EXTERNALS, *EMAILS]), max_size=2),
    st.lists(st.sampled_from(PHONES), max_size=2),
)


class TestSequence:
    @given(st.lists(facts, max_size=8), st.randoms(use_true_random=False))
    def test_any_sequence_and_any_batches_end_with_the_same_people(
        self, given_facts: list[Keys], chance: random.Random
    ) -> None:
        once, piecemeal = Book(), Book()
        once.take(given_facts)
        shuffled = [*given_facts, *given_facts[:2]]
        chance.shuffle(shuffled)
        while shuffled:
            size = chance.randint(1, len(shuffled))
            piecemeal.take(shuffled[:size])
            shuffled = shuffled[size:]
        assert piecemeal.partition() == once.partition()

    @given(st.lists(facts, max_size=8))
    def test_nobody_shares_a_joining_identifier(self, given_facts: list[Keys]) -> None:
        book = Book()
        for fact in given_facts:
            book.take([fact])
        joining = [key for (key, _), joins in book.rows.items() if joins]
        assert len(joining) == len(set(joining))

    @given(st.lists(facts, max_size=6))
    def test_the_same_facts_again_change_nothing(self, given_facts: list[Keys]) -> None:
        book = Book()
        book.take(given_facts)
        again = book.take(given_facts)
        assert not any((again.created, again.joins, again.gained, again.joining))


class TestStories:
    def test_a_fact_without_any_identifier_is_anonymous(self) -> None:
        assert Book().take([told()]).owners == (None,)

    def test_two_shops_with_one_address_are_one_person(self) -> None:
        book = Book()
        book.take([told(EXTERNALS[0], EMAILS[0]), told(EXTERNALS[2], EMAILS[0])])
        assert len(book.partition()) == 1

    def test_a_later_link_joins_and_the_older_person_stays(self) -> None:
        book = Book()
        book.take([told(EXTERNALS[0])])
        book.take([told(EMAILS[0])])
        found = book.take([told(EXTERNALS[0], EMAILS[0])])
        assert found.joins == {UUID(int=2): UUID(int=1)}
        assert len(book.partition()) == 1

    def test_a_shared_telephone_joins_nobody_who_has_something_better(self) -> None:
        book = Book()
        book.take([told(EMAILS[0], phones=PHONES[:1]), told(EMAILS[1], phones=PHONES[:1])])
        assert len(book.partition()) == 2

    def test_a_telephone_that_comes_alone_joins_all_who_hold_it(self) -> None:
        book = Book()
        book.take([told(EMAILS[0], phones=PHONES[:1]), told(EMAILS[1], phones=PHONES[:1])])
        found = book.take([told(phones=PHONES[:1])])
        assert found.owners == (UUID(int=1),)
        assert found.joining == {PHONES[0]}
        assert len(book.partition()) == 1

    def test_components_are_numbered_by_their_first_group(self) -> None:
        assert components([{"a"}, {"b"}, {"b", "a"}, {"c"}, set()]) == [0, 0, 0, 3, 4]
