"""The default rules as numbers: every parameter of scoring 11 under its name, with the value of policy version 1."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema


class Rules(BaseModel):
    """Base of the parts of a policy: closed and unchangeable."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class TierRules(Rules):
    """Parameters of the value tier (11.5). Shares are basis points, points are whole points."""

    top_1_share: int = Field(100, ge=1, le=10_000, description="Share of customers at or above v1, in basis points.")
    top_10_share: int = Field(1000, ge=1, le=10_000, description="Share of customers at or above v10.")
    top_30_share: int = Field(3000, ge=1, le=10_000, description="Share of customers at or above v30.")
    average_order_months: int = Field(12, ge=1, le=60, description="Closed calendar months of the average order value.")
    average_order_least: int = Field(30, ge=1, description="Fewer orders there: those of the last year instead.")
    average_order_floor: int = Field(6, ge=1, description="Fewer orders even there: the average is unknown.")
    big_order: int = Field(5, ge=2, le=1000, description="A big order is this many times the average order value.")
    revenue_points: int = Field(10, ge=0, description="Most points for net revenue; reached at v10.")
    top_30_points: int = Field(10, ge=0)
    main_points: int = Field(50, ge=0, description="Points of the first main-customer test that holds.")
    further_points: int = Field(5, ge=0, description="Points of each further main-customer test.")
    top_1_points: int = Field(20, ge=0)
    silver_floor: int = Field(10, ge=0, description="Points from which silver begins.")
    gold_floor: int = Field(50, ge=0)
    diamond_floor: int = Field(80, ge=0)
    keep_percent: int = Field(80, ge=1, le=100, description="Share of the held tier's line that keeps it.")
    low_evaluations: int = Field(4, ge=1, description="Mondays below the line before a tier can be lost.")
    hold_days: int = Field(90, ge=0, description="Days that a tier is held at least since it was last earned.")
    restart_growth: int = Field(
        10, ge=2, description="Growth from a small base at which held tiers begin anew instead of being held."
    )
    thin_base: int = Field(30, ge=0, description="Fewer customers with revenue: the score says small_base.")

    @property
    def shares(self) -> tuple[int, int, int]:
        """The shares of v1, v10 and v30."""
        return self.top_1_share, self.top_10_share, self.top_30_share

    @property
    def floors(self) -> tuple[int, int, int]:
        """The points from which silver, gold and diamond begin."""
        return self.silver_floor, self.gold_floor, self.diamond_floor


class RhythmRules(Rules):
    """Parameters of rhythm and silence (11.6), in days."""

    default_gap: int = Field(60, ge=1, description="The typical gap while too few customers show one.")
    least_customers: int = Field(20, ge=1, description="Customers with two purchase days that a typical gap needs.")
    typical_gaps: int = Field(2, ge=0, description="How many typical gaps are mixed into a customer's own.")
    shortest_gap: int = Field(10, ge=1)


class ClassRules(Rules):
    """Parameters of the customer class (11.7). Times in days, points in whole points."""

    lapsed_ratio: int = Field(3, ge=1, description="Silence beyond this many usual gaps is lapsed.")
    purchases_points: int = Field(50, ge=0, description="Points for having bought on two days or more.")
    rhythm_points: int = Field(50, ge=0, description="Most points for keeping the rhythm; taken away when lapsed.")
    first_points: int = Field(20, ge=0, description="Points for a first purchase and for each future sign.")
    most_signs: int = Field(3, ge=0)
    provisional_days: int = Field(60, ge=0, description="A one-time buyer is provisional for so long.")
    dormant_days: int = Field(365, ge=1, description="A one-time buyer is dormant from this age of the purchase.")
    early_days: int = Field(60, ge=0, description="An early repeat sign shows so many days after the first purchase.")
    rebuy_answer: int = Field(4, ge=1, le=5)
    rebuy_days: int = Field(180, ge=1)
    separable_customers: int = Field(30, ge=0)
    separable_repeats: int = Field(100, ge=0)


class RfmRules(Rules):
    """Parameters of RFM (11.9)."""

    rfm_days: int | None = Field(None, ge=1, description="Window in days; null looks at all history.")
    least_customers: int = Field(5, ge=5, description="Fewer customers with an order: no RFM score.")


class ChurnRules(Rules):
    """Parameters of the churn level (11.10). Points are whole points, times are days."""

    overdue_points: int = Field(25, ge=1, description="Points for each usual gap beyond the first.")
    watch_above: int = Field(25, ge=0, description="More points than this are watch; up to it the level is none.")
    warn_above: int = Field(50, ge=0)
    likely_lost_above: int = Field(75, ge=0)
    most_points: int = Field(100, ge=1)
    rep_left_points: int = Field(15, ge=0)
    spend_fell_points: int = Field(15, ge=0)
    spend_recent_days: int = Field(90, ge=1)
    spend_until_days: int = Field(360, ge=2)
    spend_factor: int = Field(6, ge=1, description="Recent net times this below the net before: spend fell.")
    spend_least_purchases: int = Field(4, ge=1)
    no_news_points: int = Field(5, ge=0)
    no_news_days: int = Field(180, ge=1)

    @property
    def levels(self) -> tuple[int, int, int]:
        """The most points of none, watch and warn."""
        return self.watch_above, self.warn_above, self.likely_lost_above


def open_choice(*names: str) -> WithJsonSchema:
    """Say in answers that further names may come; what is evaluated by stays one of those that are known."""
    return WithJsonSchema({"anyOf": [{"type": "string", "enum": [*names]}, {"type": "string"}]}, mode="serialization")


class Policy(Rules):
    """All rules of one version; the defaults are those of version 1."""

    year_days: int = Field(365, ge=28, le=3660, description="Length of the year of the value tier: ages 0 .. n-1.")
    small_base: int = Field(200, ge=0, description="Fewer customers with revenue: tier lines move every day.")
    revenue_basis: Annotated[Literal["total", "goods"], open_choice("total", "goods")] = Field(
        "total", description="total: what the buyer was charged; goods: line totals without tax and shipping."
    )
    tie_policy: Annotated[Literal["inclusive"], open_choice("inclusive")] = Field(
        "inclusive", description="Everyone at or above the line is inside it."
    )
    tier: TierRules = TierRules()
    rhythm: RhythmRules = RhythmRules()
    customer_class: ClassRules = ClassRules()
    rfm: RfmRules = RfmRules()
    churn: ChurnRules = ChurnRules()


DEFAULT = Policy()
"""Policy version 1."""
