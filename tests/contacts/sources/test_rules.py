"""What is stored of a call can be read again, byte for byte."""

from hypothesis import example, given
from hypothesis import strategies as st

from services.contacts.sources.rules import PACKED_FROM, pack, unpack
from services.contacts.sources.webhook import MAX_BODY

BODIES = st.one_of(
    st.binary(max_size=2 * PACKED_FROM),
    st.builds(lambda piece, times: piece * times, st.binary(min_size=1, max_size=40), st.integers(1, 500)),
)


@given(BODIES)
@example(b"")
@example(b"x" * PACKED_FROM)
@example(b" " * MAX_BODY)
def test_a_packed_body_is_what_the_shop_sent(body: bytes) -> None:
    stored, size = pack(body)
    assert unpack(stored, size) == body
    assert (size is None) == (len(body) < PACKED_FROM)


def test_a_body_that_repeats_itself_takes_less_room() -> None:
    body = b'{"price": "10.00", "price_set": {"amount": "10.00", "currency_code": "TWD"}}' * 20
    assert len(pack(body)[0]) < len(body) / 2
