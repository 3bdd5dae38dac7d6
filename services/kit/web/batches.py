"""Batches: many items in one request, each judged on its own, answered as 207 with one line an item."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar, get_args
from uuid import UUID

from pydantic import BaseModel, Field, GetCoreSchemaHandler, ValidationError, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from services.kit.context import current
from services.kit.problems import Invalid, Problem
from services.kit.web.schemas import Output
from services.kit.web.validation import item_of

MAX_BATCH = 1000
MAX_FAULTS = 50
T = TypeVar("T", bound=BaseModel)


class Item(Generic[T]):
    """One item of a batch: its value, or what is wrong with it. In the document it is simply a T."""

    __slots__ = ("fault", "value")

    def __init__(self, value: T | None, fault: Invalid | None = None) -> None:
        self.value = value
        self.fault = fault

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's own signature
        """Validate like T, but keep a fault instead of failing the whole batch."""
        (kind,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(cls._judge, handler.generate_schema(kind))

    @classmethod
    def _judge(cls, raw: object, validate: Callable[[object], T]) -> "Item[T]":
        try:
            return cls(validate(raw))
        except ValidationError as error:
            return cls(None, explain_item(error, raw))


def explain_item(error: ValidationError, raw: object) -> Invalid:
    """Return what is wrong with one item; pointers are relative to the item."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)[:MAX_FAULTS]
    items = [item_of({**fault, "loc": ("body", *fault["loc"])}, raw) for fault in faults]
    return Invalid("The item does not fit.", errors=items)


PROBLEM = {"anyOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "null"}]}
Whole = Annotated[int, Field(json_schema_extra={"x-count": True})]


class BatchItemRead(Output):
    """What became of one item; `problem` is null where it succeeded."""

    index: Whole
    status: Whole = Field(description="The status this item would have been answered with alone.")
    id: UUID | None
    version: int | None
    problem: Annotated[dict[str, Any] | None, WithJsonSchema(PROBLEM)]


class BatchRead(Output):
    """What became of every item, in the order they came."""

    items: list[BatchItemRead]
    succeeded: Whole
    failed: Whole


class BatchAborted(Problem):
    """With `?atomic=true` nothing was changed, because at least one item failed; `items` says which."""

    status = 422
    title = "No item was taken, because one failed"


class Outcomes:
    """Collects what becomes of each item of a batch."""

    def __init__(self, base: str, path: str) -> None:
        self._base = base
        self._path = path
        self._found: dict[int, BatchItemRead] = {}

    def succeed(self, index: int, status: int, row_id: UUID | None, version: int) -> None:
        """Note an item that took effect, or that had nothing to change."""
        self._found[index] = BatchItemRead(index=index, status=status, id=row_id, version=version, problem=None)

    def fail(self, index: int, problem: Problem) -> None:
        """Note an item that failed."""
        document = problem.document(base=self._base, instance=self._path, request_id=current().request_id)
        existing = problem.extensions.get("existing_id")
        self._found[index] = BatchItemRead(
            index=index,
            status=problem.status,
            id=UUID(str(existing)) if existing else None,
            version=None,
            problem=document,
        )

    def answer(self, *, atomic: bool = False) -> BatchRead:
        """Return the whole answer; with `atomic`, raise BatchAborted if any item failed."""
        items = [self._found[index] for index in sorted(self._found)]
        failed = [item for item in items if item.problem]
        if atomic and failed:
            raise BatchAborted(items=[item.model_dump(mode="json") for item in failed])
        return BatchRead(items=items, succeeded=len(items) - len(failed), failed=len(failed))


def split_faulty(items: Sequence[Item[T]], outcomes: Outcomes) -> list[tuple[int, T]]:
    """Return the items that fit, with their places; note the others."""
    fitting: list[tuple[int, T]] = []
    for index, item in enumerate(items):
        if item.value is not None:
            fitting.append((index, item.value))
        else:
            outcomes.fail(index, item.fault or Invalid())
    return fitting
