"""The state of a workspace in terms that do not depend on ids and on when Kith learned something."""

import re
from collections.abc import Iterable
from typing import Any

from tests.system.client import Client, Json

UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OWN = frozenset({"id", "version", "created_at", "updated_at", "source_id", "changed_at", "number", "name", "as_of"})
"""What differs between two workspaces that were told the same at different times."""

OF_THE_MOMENT = frozenset({"previous_value", "channel", "suggestion", "contact_at", "next_reminder_at"})
"""What says how it came about: the value before, and what looked best from what was known when a reminder opened."""


class Picture:
    """Everything that webhooks brought about in one workspace, each thing under a name of its own."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.parts: dict[str, dict[str, Any]] = {}

    @classmethod
    async def take(cls, client: Client) -> "Picture":
        """Read the whole workspace."""
        picture = cls()
        people = await client.items("/v1/people")
        orders = await client.items("/v1/orders")
        picture._names |= {order["id"]: f"order {order['source']['key']}/{order['external_id']}" for order in orders}
        picture._names |= {person["id"]: name_of(person) for person in people}
        full = [await client.get(f"/v1/people/{person['id']}") for person in people]
        customers = await client.items("/v1/customers")
        scores = [await client.get(f"/v1/customers/{one['id']}/scores") for one in customers]
        reminders = [one for one in await client.items("/v1/reminders") if one["status"] == "open"]
        for one in reminders:
            one["facts"].pop("order_id", None)  # of a thank-you it is known only if that order is the last one as well
        picture.add("people", full, "id")
        picture.add("orders", orders, "id")
        picture.add("customers", customers, "id")
        picture.add("scores", scores, "customer_id")
        picture.add("reminders", reminders, "customer_id", "rule", "cause")
        return picture

    def add(self, part: str, rows: Iterable[Json], *key: str) -> None:
        """Keep rows under names made of some of their fields."""
        self.parts[part] = {}
        for row in rows:
            name = " ".join(str(self.plain(row[field])) for field in key)
            assert name not in self.parts[part], f"two {part} are called {name}"
            self.parts[part][name] = self.plain(row)

    def plain(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """Return a value with names in the place of ids, and without what is a workspace's own."""
        if isinstance(value, dict):
            return {key: self.plain(inner) for key, inner in value.items() if key not in OWN | OF_THE_MOMENT}
        if isinstance(value, list):
            return sorted((self.plain(inner) for inner in value), key=repr)
        if isinstance(value, str):
            return UUID_TEXT.sub(lambda found: self._names.get(found[0], "?"), value)
        return value


def name_of(person: Json) -> str:
    """Return what tells a person from all others: his or her identifiers."""
    external = [f"{one['source']}/{one['id']}" for one in person["external_ids"]]
    return " ".join(sorted([*external, *(one["address"] for one in person["emails"])]))


def differences(one: Picture, other: Picture) -> list[str]:
    """Return what differs between two pictures, a line each."""
    lines: list[str] = []
    for part, rows in one.parts.items():
        others = other.parts[part]
        lines += [f"{part}: only once: {name}" for name in sorted(rows.keys() ^ others.keys())]
        for name in sorted(rows.keys() & others.keys()):
            mine, theirs = rows[name], others[name]
            lines += [f"{part} {name}{where}" for where in places(mine, theirs)]
    return lines


def places(mine: Any, theirs: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """Return where two values differ, and how."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        keys = sorted(mine.keys() | theirs.keys())
        return [f".{key}{where}" for key in keys for where in places(mine.get(key), theirs.get(key))]
    return [] if mine == theirs else [f": {mine} / {theirs}"]
