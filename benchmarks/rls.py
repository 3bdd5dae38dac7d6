"""What row security costs: the very statements, once as the role that it binds, once as one that passes it by.

Both roles have the same rights and take turns on one connection each, so that both see the same machine. What is timed
is all that a request waits for before its commit: BEGIN, with the tenant's setting where row security needs it, and
the statement. The free role's list names the workspace itself, as a program without row security would.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias
from uuid import UUID

import asyncpg

from benchmarks import people
from benchmarks.ceiling import PAGE, list_statement
from benchmarks.figures import middle, report
from benchmarks.intake import Ground
from services.contacts.customer_rows import Draft
from services.contacts.people.drafts import draft_person, plain
from services.contacts.people.repository import PEOPLE, PeopleRepository, filtered
from services.contacts.people.schemas import PersonCreate
from services.kit.clock import SystemClock
from services.kit.database import Session, begin_for, prepare_connection
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.wakeups import Wakeups

TIMES = 600
WARM = 30
"""As often as it takes until the server settles for a plan."""
BOUND, FREE = "contacts_api", "bench_free"
FREE_ROLE = f"""
DROP ROLE IF EXISTS {FREE};
CREATE ROLE {FREE} BYPASSRLS IN ROLE {BOUND};
"""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Work = Callable[[Session], Awaitable[object]]


async def measure_rls(ground: Ground) -> None:
    """Print the share of time that row security takes of a created person and of a page of a hundred thousand."""
    workspace_id, _ = ground.stack.add_workspace("Rows under guard")
    await people.fill(ground.stack.database_url, workspace_id)
    async with both_roles(ground.stack.database_url) as roles:
        rows = PeopleRepository()
        drafts = iter(drafts_for(workspace_id, 2 * (TIMES + WARM)))
        await compare(
            "rls_cost_create", roles, workspace_id, *[lambda session: rows.create(session, [next(drafts)])] * 2
        )
        bound = PEOPLE.statement(filtered(deleted=False), "-created_at", None, PAGE + 1)
        free = list_statement(workspace_id)
        await compare(
            "rls_cost_list",
            roles,
            workspace_id,
            lambda session: session.fetch(bound[0], *bound[1]),
            lambda session: session.fetch(free[0], *free[1]),
        )


def drafts_for(workspace_id: UUID, count: int) -> list[Draft]:
    """Return people that are not there yet."""
    caller = Identity(workspace_id, new_id(), scopes=frozenset({"admin"}))
    now = SystemClock().now()
    drafts: list[Draft] = []
    for number in range(count):
        body = PersonCreate.model_validate_json(people.body(number, run=9))
        sent = plain(body, caller, None)
        drafts.append(draft_person(new_id(), sent, body.external_ids or (), source="manual", now=now, effects="all"))
    return drafts


@asynccontextmanager
async def both_roles(database_url: str) -> AsyncIterator[tuple[Connection, Connection]]:
    """Open a connection as each role."""
    owner = await asyncpg.connect(database_url)
    await owner.execute(FREE_ROLE)
    await owner.close()
    settings = {"search_path": "contacts,pg_catalog", "timezone": "UTC", "jit": "off"}
    opened = [await asyncpg.connect(database_url, server_settings=settings | {"role": role}) for role in (BOUND, FREE)]
    try:
        for connection in opened:
            await prepare_connection(connection)
        yield opened[0], opened[1]
    finally:
        for connection in opened:
            await connection.close()


async def compare(name: str, roles: Sequence[Connection], workspace_id: UUID, bound: Work, free: Work) -> None:
    """Time both roles in turn and print the share that the bound one loses."""
    with_it, without = roles
    begin = begin_for(workspace_id, "BEGIN")
    pairs: list[tuple[float, float]] = []
    for _ in range(WARM + TIMES):
        guarded = await timed(with_it, begin, workspace_id, bound)
        pairs.append((guarded, await timed(without, "BEGIN", workspace_id, free)))
    open_ = middle([pair[1] for pair in pairs[WARM:]])
    # Each time is held against the one beside it: what else the machine does meanwhile is the same for both.
    lost = middle([1 - pair[1] / pair[0] for pair in pairs[WARM:]])
    report(name, lost, "share", "lower", f"the same without row security: {open_ * 1000:.3f} ms")


async def timed(connection: Connection, begin: str, workspace_id: UUID, work: Work) -> float:
    """Run one transaction and return the seconds until its statement was answered."""
    session = Session(connection, workspace_id, Wakeups("contacts"))
    began = time.perf_counter()
    await connection.execute(begin)
    await work(session)
    took = time.perf_counter() - began
    await connection.execute("COMMIT")
    return took
