"""What clients send and get about imports."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, Json, StringConstraints

from services.contacts.vocabulary import EffectsName
from services.kit.jobs.schemas import JobRead
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, Output, Page, Slug

ImportKind = Literal["orders"]
ImportFormat = Literal["csv"]
ImportMode = Literal["upsert", "create_only"]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Mapping = Annotated[dict[ColumnName, ColumnName], Field(max_length=200)]

JOB_KIND = "import"
"""Kind of the jobs that take files in."""

COLUMNS = (
    "external_id",
    "number",
    "customer_external_id",
    "customer_email",
    "customer_phone",
    "customer_name",
    "account_external_id",
    "placed_at",
    "updated_at",
    "status",
    "payment_kind",
    "total",
    "currency",
    "subtotal",
    "discount",
    "tax",
    "shipping",
    "refunded",
    "refunded_at",
    "coupon_codes",
    "store",
    "item_sku",
    "item_title",
    "item_quantity",
    "item_unit_price",
)
"""Columns of a file of orders."""


class ImportCreate(Input):
    """What a file holds and how to take it in."""

    texts = True

    kind: ImportKind = Field(description="What the rows are.")
    format: ImportFormat = Field(description="How the file is written: UTF-8, comma, semicolon or tab.")
    source: Slug = Field("import", description="Key of the source that the external ids in the file belong to.")
    mapping: Json[Mapping] | None = Field(None, description="The file's column names to ours, as a JSON object.")
    mode: ImportMode = Field("upsert", description="`create_only` leaves what is known as it is.")
    effects: EffectsName = Field("scores", description="How far the facts reach.")
    dry_run: bool = Field(default=False, description="Try every row, keep nothing.")


FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file", "kind", "format"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "The file."},
                    "kind": {"type": "string", "enum": ["orders"], "description": "What the rows are."},
                    "format": {"type": "string", "enum": ["csv"], "description": "How the file is written."},
                    "source": {
                        "type": "string",
                        "pattern": "^[a-z0-9][a-z0-9-]{0,62}$",
                        "default": "import",
                        "description": "Key of the source that the external ids in the file belong to.",
                    },
                    "mapping": {
                        "type": "string",
                        "maxLength": 65536,
                        "description": "The file's column names to ours, as a JSON object.",
                    },
                    "mode": {
                        "type": "string",
                        "enum": ["upsert", "create_only"],
                        "default": "upsert",
                        "description": "`create_only` leaves what is known as it is.",
                    },
                    "effects": {
                        "type": "string",
                        "enum": ["none", "scores", "all"],
                        "default": "scores",
                        "description": "How far the facts reach.",
                    },
                    "dry_run": {"type": "boolean", "default": False, "description": "Try every row, keep nothing."},
                },
            }
        }
    },
}
"""The form in the document: it is read as a stream, so FastAPI does not know it."""


class ImportSummary(Output):
    """A file that was or is taken in."""

    id: UUID
    type: str
    created_at: AwareTime
    kind: ImportKind | str
    format: ImportFormat | str
    source: str
    mode: ImportMode | str
    effects: EffectsName | str
    dry_run: bool
    file_name: str | None
    size_bytes: Annotated[int, Field(json_schema_extra={"x-count": True})]
    status: str = Field(description="Of its job: queued, running, paused, cancelling, cancelled, succeeded, failed.")


class ImportRead(ImportSummary):
    """A file that was or is taken in, and how far that is."""

    mapping: dict[str, str]
    sha256: str
    job: JobRead


class ImportPage(Page[ImportSummary]):
    """Imports, one page."""


class ImportQuery(ListQuery):
    """The list of imports."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")
