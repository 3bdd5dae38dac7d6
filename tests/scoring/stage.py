"""A stage for scoring: its database, its handlers, and what contacts and the gateway would tell, told by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from services.contracts.contacts import (
    CustomerChanged,
    ExchangeRateChanged,
    InteractionChanged,
    OrderChanged,
    RefundFact,
    RepChanged,
)
from services.contracts.envelope import Effects, Event
from services.contracts.gateway import WorkspaceChanged
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.feeds import FeedEvent, Handler
from services.kit.ids import new_id
from services.kit.jobs import JobContext
from services.kit.jobs.records import Run
from services.scoring.cutoffs.service import CutoffService
from services.scoring.evaluation.asking import DAILY, RECOMPUTE, REP_CHANGED, REVALUE
from services.scoring.evaluation.clock import EvaluationClock, Sweeper
from services.scoring.evaluation.jobs import EvaluationJobs
from services.scoring.evaluation.service import EvaluationService, Occasion
from services.scoring.facts.rules import Order, Refund
from services.scoring.intake.consumers import FromContacts, FromGateway
from services.scoring.ledger.service import gist_of
from services.scoring.workspaces import service as workspaces
from tests.scoring.example import Customer, id_of

WAITING = "SELECT id, kind FROM jobs WHERE status = 'queued' AND workspace_id = $1 ORDER BY id LIMIT 1"
Scores = dict[UUID, dict[str, tuple[str | None, int | None]]]


class Stage:
    """Scoring without its neighbours."""

    def __init__(self, database: Database, clock: FixedClock, workspace_id: UUID) -> None:
        self.database = database
        self.clock = clock
        self.workspace_id = workspace_id
        self.cutoffs = CutoffService(shortest_life=0)
        self.evaluation = EvaluationService(self.cutoffs, clock)
        self.contacts = FromContacts(self.evaluation)
        self.gateway = FromGateway(self.evaluation, clock)
        self.jobs = EvaluationJobs(self.evaluation, chunk=16, stretch=30)
        self.evaluation_clock = EvaluationClock(database, self.evaluation, clock, 1)
        self.sweeper = Sweeper(database, clock, 0.001)
        self.versions = 0

    @property
    def now(self) -> datetime:
        """The time on the stage's clock."""
        return self.clock.now()

    def next_version(self) -> int:
        """Return a version that is newer than all before."""
        self.versions += 1
        return self.versions

    async def tell(self, *events: Event, by: Handler[Any] | None = None) -> None:
        """Let a handler take a batch, as the follower does; what was ranked a moment ago is forgotten."""
        self.cutoffs.forget()
        handler = by or self.contacts
        batch = [
            FeedEvent(0, self.workspace_id, event.TYPE, event.subject, "", orjson.loads(event.model_dump_json()))
            for event in events
        ]
        prepared = await handler.prepare(batch)
        async with self.database.worker() as session:
            await handler.apply(session, batch, prepared)

    async def settings(self, time_zone: str = "Asia/Taipei", currency: str = "TWD", locale: str = "en") -> None:
        """Let the gateway tell the workspace's settings."""
        told = WorkspaceChanged(
            version=self.next_version(),
            workspace_id=self.workspace_id,
            name="Shop",
            mode="live",
            time_zone=time_zone,
            locale=locale,
            reporting_currency=currency,
            fiscal_year_start="01-01",
        )
        await self.tell(told, by=self.gateway)

    def customer(self, customer_id: UUID, kind: str = "person", **changes: Any) -> CustomerChanged:  # noqa: ANN401 - fields of the event
        """Return an event about a customer."""
        values = {"created_at": datetime(2020, 1, 1, tzinfo=UTC), "version": self.next_version()} | changes
        return CustomerChanged.model_validate({"customer_id": customer_id, "customer_type": kind} | values)

    def order(self, customer_id: UUID | None, order: Order, **changes: Any) -> OrderChanged:  # noqa: ANN401 - fields of the event
        """Return an event about an order credited to somebody."""
        values: dict[str, Any] = {
            "order_id": order.order_id,
            "customer_id": customer_id,
            "customer_type": "person" if customer_id else None,
            "buyer_id": customer_id,
            "version": self.next_version(),
            "status": order.status,
            "payment_kind": order.payment_kind,
            "placed_at": order.placed_at,
            "cancelled_at": order.cancelled_at,
            "currency": order.currency,
            "total_minor": order.total_minor,
            "goods_minor": order.goods_minor,
            "refunds": [refund_fact(place, refund) for place, refund in enumerate(order.refunds)],
            "test": order.test,
        }
        return OrderChanged.model_validate(values | changes)

    def bought(self, customer_id: UUID | None, day: str, amount: int, **changes: Any) -> OrderChanged:  # noqa: ANN401 - fields of the event
        """Return an event about a paid order of a person, at local noon of a day, in whole units of TWD."""
        placed_at = datetime.fromisoformat(f"{day}T12:00:00+08:00").astimezone(UTC)
        order = Order(changes.pop("order_id", new_id()), placed_at, "paid", "TWD", amount * 100, "card")
        return self.order(customer_id, order, **changes)

    def interaction(self, customer_id: UUID, day: str, kind: str = "person", **changes: Any) -> InteractionChanged:  # noqa: ANN401 - fields of the event
        """Return an event about an inbound chat about a purchase."""
        values: dict[str, Any] = {
            "interaction_id": new_id(),
            "customer_id": customer_id,
            "customer_type": kind,
            "version": self.next_version(),
            "function": "transaction",
            "channel": "chat",
            "direction": "inbound",
            "occurred_at": f"{day}T12:00:00+08:00",
        }
        return InteractionChanged.model_validate(values | changes)

    def rate(self, currency: str, valid_from: str, rate: str, **changes: Any) -> ExchangeRateChanged:  # noqa: ANN401 - fields of the event
        """Return an event about an exchange rate."""
        values: dict[str, Any] = {"rate_id": new_id(), "version": self.next_version()}
        values |= {"currency": currency, "valid_from": valid_from, "rate": rate}
        return ExchangeRateChanged.model_validate(values | changes)

    def rep(self, rep_id: UUID, *, active: bool) -> RepChanged:
        """Return an event about a rep."""
        return RepChanged(version=self.next_version(), rep_id=rep_id, active=active)

    def events_of(self, customers: Sequence[Customer]) -> list[Event]:
        """Return the events that tell customers of an example with their orders."""
        events: list[Event] = []
        for customer in customers:
            owner = id_of(customer.name)
            events.append(self.customer(owner, customer.kind, designated_at=customer.designated_at))
            account = owner if customer.kind == "account" else None
            buyer = id_of(customer.buyer) if customer.buyer else owner
            if customer.buyer:
                events.append(self.customer(buyer))
            events += [
                self.order(owner, order, customer_type=customer.kind, buyer_id=buyer, account_id=account)
                for order in customer.orders
            ]
        return events

    async def work(self) -> list[str]:
        """Run every job that waits, in order; return their kinds."""
        run = {
            DAILY: self.jobs.daily,
            RECOMPUTE: self.jobs.recompute,
            REVALUE: self.jobs.revalue,
            REP_CHANGED: self.jobs.rep_changed,
        }
        self.cutoffs.forget()
        done: list[str] = []
        while waiting := await self.rows(WAITING, self.workspace_id):
            context = await self.begin(waiting[0]["id"])
            await run[waiting[0]["kind"]](context)
            async with self.database.worker() as session:
                await self.run_of(context).finish(session, self.now, "succeeded")
            done.append(waiting[0]["kind"])
        return done

    async def begin(self, job_id: UUID) -> JobContext:
        """Take a job, as the runner does."""
        run = Run(self.workspace_id, job_id, new_id())
        async with self.database.worker() as session:
            row = await run.begin(session, self.now)
        assert row is not None
        return JobContext(run, row, self.database, self.clock)

    def run_of(self, context: JobContext) -> Run:
        """Return the run of a job at work."""
        return context._run

    async def sweep(self) -> None:
        """Look at everybody whose cut-offs moved, without the rest between two looks."""
        async with self.database.worker() as session:
            await session.execute("UPDATE schedules SET sweep_after = NULL")
        while await self.sweeper.sweep():
            pass

    async def next_midnight(self) -> list[str]:
        """Let the clock pass local midnight and the jobs run; return what ran."""
        local = self.now.astimezone().astimezone(UTC)
        tomorrow = date.fromordinal((local + timedelta(hours=8)).toordinal() + 1)
        self.clock.set(datetime.fromisoformat(f"{tomorrow}T00:00:05+08:00"))
        await self.evaluation_clock.ask_for_midnights()
        return await self.work()

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """Return rows of any table."""
        async with self.database.worker() as session:
            return [dict(row) for row in await session.fetch(sql, *args)]

    async def scores(self) -> Scores:
        """Return the published value and points of everybody."""
        found: Scores = {}
        for row in await self.rows("SELECT customer_id, kind, value, points FROM scores ORDER BY customer_id, kind"):
            found.setdefault(row["customer_id"], {})[row["kind"]] = (row["value"], row["points"])
        return found

    async def published(self, customer_id: UUID | None = None) -> list[dict[str, Any]]:
        """Return the events that were published, oldest first."""
        rows = await self.rows("SELECT subject, data FROM outbox WHERE type = 'customer.scored' ORDER BY seq")
        return [row["data"] for row in rows if customer_id in {None, row["subject"]}]

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Return all that evaluations wrote and that does not say when or why."""
        scores = await self.rows("SELECT customer_id, kind, value, points, body FROM scores ORDER BY customer_id, kind")
        return {
            "scores": [{**row, "body": gist_of(row["body"])} for row in scores],
            "standings": await self.rows(
                "SELECT customer_id, net_revenue_minor, orders_count, purchase_days, first_order_at, last_order_id,"
                " held_tier FROM standings ORDER BY customer_id"
            ),
        }

    async def states(self) -> list[dict[str, Any]]:
        """Let the rules look at everybody, and return where they stand, with the state of the fold."""
        async with self.database.worker() as session:
            workspace = await workspaces.find(session, self.workspace_id)
            assert workspace is not None
            mine = "SELECT customer_id FROM standings WHERE workspace_id = $1 ORDER BY customer_id"
            rows = await session.fetch(mine, self.workspace_id)
            customers = [row["customer_id"] for row in rows]
            await self.evaluation.evaluate(session, workspace, customers, Occasion("time"))
        return await self.rows(
            "SELECT customer_id, overdue_ratio, held_tier, held_earned, held_low, held_mark, held_lines, outcome,"
            " first_day, last_day, net_minor, biggest_minor, recent_minor, before_minor, figures_from, figures_until,"
            " settled_at FROM standings WHERE workspace_id = $1 ORDER BY customer_id",
            self.workspace_id,
        )

    async def forget_scores(self) -> None:
        """Remove all that evaluations wrote; facts and recorded cut-offs stay."""
        async with self.database.worker() as session:
            await session.execute("DELETE FROM scores")
            await session.execute("DELETE FROM standings")


def refund_fact(place: int, refund: Refund) -> RefundFact:
    """Return a refund as the event has it."""
    return RefundFact(refund_id=str(place), processed_at=refund.processed_at, amount_minor=refund.amount_minor)


__all__ = ["Effects", "Scores", "Stage"]
