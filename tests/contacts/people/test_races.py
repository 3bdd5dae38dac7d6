"""Many who want the same at once: one of them gets it, the others learn whose it is."""

import asyncio

from tests.contacts.conftest import Door
from tests.contacts.people.samples import PATH

AT_ONCE = 4


async def test_one_address_makes_one_person_however_many_ask_at_once(door: Door) -> None:
    for number in range(10):
        body = {"emails": [{"address": f"ann{number}@example.com"}], "phones": [{"number": f"+88691234567{number}"}]}
        answers = await asyncio.gather(*(door.post(PATH, body) for _ in range(AT_ONCE)))
        created = [answer.json()["id"] for answer in answers if answer.status_code == 201]
        refused = [answer.json()["existing_id"] for answer in answers if answer.status_code == 409]
        assert (len(created), refused) == (1, created * (AT_ONCE - 1))


async def test_shared_addresses_in_batches_at_once_make_no_person_twice(door: Door) -> None:
    items = [{"emails": [{"address": f"p{number}@example.com"}]} for number in range(40)]
    batches = [items, items[::-1], items[20:] + items[:20]]
    answers = await asyncio.gather(*(door.post(f"{PATH}/batch", {"items": batch}) for batch in batches))
    assert {answer.status_code for answer in answers} <= {207, 409}
    listed = (await door.get(PATH, params={"limit": 200})).json()["items"]
    addresses = [entry["address"] for person in listed for entry in person["emails"]]
    assert sorted(addresses) == sorted(f"p{number}@example.com" for number in range(40))


async def test_an_external_id_is_created_once_however_many_put_it_at_once(door: Door) -> None:
    where = f"{PATH}/external/import/77"
    answers = await asyncio.gather(*(door.put(where, {"given_name": f"N{number}"}) for number in range(AT_ONCE)))
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert len((await door.get(PATH)).json()["items"]) == 1


async def test_changes_of_one_person_at_once_are_all_there(door: Door) -> None:
    person = await door.made(PATH, {"given_name": "Ann"})
    tags = [f"t{number}" for number in range(8)]
    answers = await asyncio.gather(*(door.post(f"{PATH}/{person['id']}/tags", {"add": [tag]}) for tag in tags))
    assert {answer.status_code for answer in answers} == {200}
    found = (await door.get(f"{PATH}/{person['id']}")).json()
    assert (sorted(found["tags"]), found["version"]) == (tags, 9)
    assert [event["version"] for event in await door.events("customer.changed")] == list(range(1, 10))
