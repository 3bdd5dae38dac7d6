"""What callers get from the journal."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from gateway.events.shapes import KINDS
from services.kit.web.schemas import AwareTime, Count, Output, Ref

NAMES = sorted(KINDS)
REFERENCE = "#/components/schemas/"
SHAPES = sorted({kind.data.__name__ for kind in KINDS.values()})


def known_type(name: str) -> str:
    """Return the type; ValueError where there is none of that name."""
    if name not in KINDS:
        message = f"there is no type {name!r}"
        raise ValueError(message)
    return name


TypeName = Annotated[
    str,
    AfterValidator(known_type),
    WithJsonSchema({"type": "string", "enum": NAMES, "x-verbatim-enum": True}),
]
OpenType = Annotated[
    str, WithJsonSchema({"anyOf": [{"type": "string", "enum": NAMES, "x-verbatim-enum": True}, {"type": "string"}]})
]
# Which type has which data says the description; a reader goes by `type` and ignores what it does not know.
Data = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "anyOf": [
                *({"$ref": f"{REFERENCE}{name}"} for name in SHAPES),
                {"type": "object", "x-documented-map": True},
            ],
            "description": "By type: "
            + "; ".join(
                f"{name}: " + ", ".join(sorted(one for one, kind in KINDS.items() if kind.data.__name__ == name))
                for name in SHAPES
            )
            + ".",
        }
    ),
]

EXAMPLE: dict[str, Any] = {
    "id": "0199c0de-0000-7000-8000-0000000000e1",
    "position": "q83nhL0pJp1zC3-6xw1sQkq2o7m0Jx8m5Kp0Zk2hXg",
    "type": "order.created",
    "occurred_at": "2026-11-22T04:00:00Z",
    "version": 1,
    "object_id": "0199c0de-0000-7000-8000-0000000000f2",
    "object": {"id": "0199c0de-0000-7000-8000-0000000000f2", "type": "order", "display_name": None},
    "data": {
        "customer_id": "0199c0de-0000-7000-8000-0000000000c3",
        "buyer_id": "0199c0de-0000-7000-8000-0000000000c3",
        "account_id": None,
        "source_id": None,
        "status": "paid",
        "placed_at": "2026-11-22T03:59:58Z",
        "cancelled_at": None,
        "total": {"amount": "1250", "currency": "TWD"},
        "refunded": {"amount": "0", "currency": "TWD"},
        "test": False,
    },
}


class EventRead(Output):
    """Something that happened: ids and numbers, no personal values; read the object for those."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID = Field(description="The same wherever this event is met again.")
    position: str = Field(description="Where it stands: `after` of the next call.")
    type: OpenType
    occurred_at: AwareTime
    version: int = Field(description="Version of the object after it; of one object they only grow.")
    object_id: UUID | None
    object: Ref | None
    data: Data


class EventPage(Output):
    """The next events, oldest first."""

    items: list[EventRead]
    next_cursor: str = Field(description="`after` of the next call, also where there was no event; never null.")
    count: Count | None = Field(description="Always null: a journal has no end.")


class EventQuery(BaseModel):
    """Where to go on, and what to leave out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: str | None = Field(
        None,
        max_length=100,
        description="`position` of an event, or `next_cursor`; `latest` = only what is new. Without: the oldest kept.",
    )
    limit: int = Field(50, ge=1, le=200, description="Events at most.")
    types: list[TypeName] = Field(default_factory=list, max_length=50, description="Only events of these types.")
    wait: int = Field(0, ge=0, le=30, description="Seconds to wait for an event where there is none yet.")


def data_schemas() -> dict[str, Any]:
    """Return the schemas of all data, which no answer names by its type."""
    shapes = sorted({kind.data for kind in KINDS.values()}, key=lambda shape: shape.__name__)
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(shape, "serialization") for shape in shapes]
    _, found = models_json_schema(wanted, ref_template=REFERENCE + "{model}")
    schemas: dict[str, Any] = found["$defs"]
    return schemas
