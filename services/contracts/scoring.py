"""Events of `scoring`: what a customer's scores have become, and the facts that care rules start from."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.contacts import CustomerType
from services.contracts.envelope import Effects, Event


class ScoreState(BaseModel):
    """One score of a customer: its label or figure, its points, and what it was before."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    value: str | None
    points: str | None
    """Decimal text with at most two places; null = unknown."""
    number: str | None = None
    money_minor: int | None = None
    previous_value: str | None = None
    changed_at: datetime
    """When the value last changed."""
    codes: list[str] = []
    """Reason codes, most weighty first."""


class OrderMark(BaseModel):
    """The latest counting order of a customer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    order_id: UUID
    placed_at: datetime
    effects: Effects = Effects.ALL


class CustomerScored(Event):
    """A customer was evaluated and something about the result changed."""

    TYPE: ClassVar[str] = "customer.scored"
    SUBJECT: ClassVar[str] = "customer_id"

    customer_id: UUID
    customer_type: CustomerType
    as_of: datetime
    currency: str
    net_revenue_minor: int
    """R of scoring 11.5: net over counting orders of the last 365 days, in the reporting currency."""
    orders_count: int
    """Counting orders, all history."""
    purchase_days: int
    """n of scoring 11.2."""
    first_order_at: datetime | None
    last_order: OrderMark | None
    overdue_ratio: float | None
    """q of scoring 11.6."""
    scores: dict[str, ScoreState]
    effects: Effects = Effects.ALL
    """How far the facts behind this evaluation may reach. What starts from an order goes by `last_order.effects`:
    the order's own mark, since an evaluation may repeat for other causes."""
