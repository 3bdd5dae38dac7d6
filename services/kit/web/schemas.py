"""The building stones of every request and answer: closed inputs, open outputs, bounded values, references."""

from datetime import date
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema

from services.kit.web.typed import strictly

T = TypeVar("T")


class Input(BaseModel):
    """Base of what clients send: unknown fields are an error, texts lose outer white space."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)
    texts: ClassVar[bool] = False
    """Whether it comes as a form, where every value is text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's own signature
        """Take every value only as what it is."""
        return strictly(handler(source), texts=cls.texts)

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent, an explicit null included: the meaning of a merge patch (RFC 7396)."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Output(BaseModel):
    """Base of what we answer: every field always there, fields may be added later."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Ref(Output):
    """Points to another resource and carries its name; the name is null where its owner could not be asked."""

    id: UUID
    type: str
    display_name: str | None


class SourceRef(Ref):
    """Points to a source; its key is what external ids are given with."""

    key: str | None


class Count(Output):
    """How many rows fit the filters."""

    value: Annotated[int, Field(json_schema_extra={"x-count": True})]
    kind: str = Field(description="exact or estimated.")


class Page(Output, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None
    count: Count | None


ShortText = Annotated[str, StringConstraints(min_length=1, max_length=255)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=64)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
AwareTime = AwareDatetime
LocalDate = date
MAX_IDS = 200
