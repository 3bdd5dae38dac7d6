"""The tables `standings`, `scores`, `score_history`, `dated_runs` and `dated_scores`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.kit.tables import NO_KEYS, NOW, TENANT, ZERO, Tenant
from services.scoring.database import Base

MOST_POINTS = text("points DESC")


class Standing(Base):
    """Where a customer stands since the last evaluation: figures, and the state of the tier to go on from."""

    __tablename__ = "standings"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(server_default=ZERO)
    """Grows with every published change; the version of the event."""
    as_of: Mapped[datetime]
    policy_version: Mapped[int]
    currency: Mapped[str]
    net_revenue_minor: Mapped[int]
    orders_count: Mapped[int]
    purchase_days: Mapped[int]
    first_order_at: Mapped[datetime | None]
    last_order_id: Mapped[UUID | None]
    last_order_at: Mapped[datetime | None]
    last_order_effects: Mapped[str | None]
    overdue_ratio: Mapped[float | None]
    held_tier: Mapped[int | None]
    held_earned: Mapped[int | None]
    held_low: Mapped[int | None]
    held_mark: Mapped[int | None]
    wake_at: Mapped[datetime | None]
    """When a fact that is dated in the future becomes known."""
    held_lines: Mapped[int | None]
    """Which recorded lines the held tier was folded over."""
    first_day: Mapped[int | None]
    """Ordinals of local days, here and below."""
    last_day: Mapped[int | None]
    net_minor: Mapped[int | None]
    """Net of all history; the sums below are over windows that end on `figures_from`."""
    biggest_minor: Mapped[int | None]
    recent_minor: Mapped[int | None]
    before_minor: Mapped[int | None]
    figures_from: Mapped[int | None]
    figures_until: Mapped[int | None]
    """The next day on which such a sum changes by itself."""
    settled_at: Mapped[datetime | None]
    """Own time of the latest fact about the orders; null while one of them is still to come."""
    outcome: Mapped[int | None]
    """All scores in one number, for SQL to compare; null where only the rules can tell."""

    __table_args__ = (
        Index("standings_wake_idx", "workspace_id", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
    )


class Score(Base):
    """The present score of a customer in one kind. Unknown scores have a row only if there was a known one before."""

    __tablename__ = "scores"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str | None]
    points: Mapped[int | None]
    """Hundredths of points."""
    previous_value: Mapped[str | None]
    changed_at: Mapped[datetime]
    """Since when the value is what it is."""
    policy_version: Mapped[int]
    body: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)
    """Reasons as codes and parameters, what is missing, detail, confidence; money in minor units of `currency`."""

    __table_args__ = (
        Index("scores_points_idx", "workspace_id", "kind", MOST_POINTS, "customer_id"),
        Index("scores_value_idx", "workspace_id", "kind", "value", MOST_POINTS, "customer_id"),
        Index("scores_changed_idx", "workspace_id", "kind", "changed_at", "customer_id"),
    )


class ScoreChange(Tenant, Base):
    """What was published about a score at one time; never rewritten."""

    __tablename__ = "score_history"

    customer_id: Mapped[UUID]
    kind: Mapped[str]
    value: Mapped[str | None]
    previous_value: Mapped[str | None]
    points: Mapped[int | None]
    previous_points: Mapped[int | None]
    as_of: Mapped[datetime]
    policy_version: Mapped[int]
    cause: Mapped[str]
    body: Mapped[dict[str, object]]

    __table_args__ = (
        CheckConstraint("cause IN ('fact', 'time', 'recompute', 'sweep')", name="cause"),
        Index("score_history_customer_idx", "workspace_id", "customer_id", "as_of", "id"),
    )


class DatedRun(Tenant, Base):
    """A recomputation for one time; finished ones can be listed by it."""

    __tablename__ = "dated_runs"

    as_of: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index("dated_runs_as_of_idx", "workspace_id", "as_of", "id"),)


class DatedScore(Base):
    """A score as of the time of a run."""

    __tablename__ = "dated_scores"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str | None]
    points: Mapped[int | None]
    policy_version: Mapped[int]
    body: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)

    __table_args__ = (
        Index("dated_scores_points_idx", "workspace_id", "run_id", "kind", MOST_POINTS, "customer_id"),
        Index("dated_scores_value_idx", "workspace_id", "run_id", "kind", "value", MOST_POINTS, "customer_id"),
    )
