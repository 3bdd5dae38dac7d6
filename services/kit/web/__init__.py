"""The web side of the kit: routes, inputs and outputs, lists, versions, idempotent replies."""

from services.kit.versions import check_version
from services.kit.web.app import Kit, create_app
from services.kit.web.binding import BindingDep
from services.kit.web.dependencies import CallerDep, ClockDep, LocaleDep, ReadSession, WriteSession
from services.kit.web.etags import IfMatch, RequiredIfMatch, set_etag
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where
from services.kit.web.operation import operation
from services.kit.web.route import Router, write_once
from services.kit.web.schemas import (
    MAX_IDS,
    AwareTime,
    Count,
    CountryCode,
    ExternalId,
    Input,
    LocalDate,
    LongText,
    Output,
    Page,
    Ref,
    ShortText,
    Slug,
    SourceRef,
    Tag,
)

__all__ = [
    "MAX_IDS",
    "AwareTime",
    "Binding",
    "BindingDep",
    "CallerDep",
    "ClockDep",
    "Count",
    "CountryCode",
    "ExternalId",
    "IfMatch",
    "Input",
    "Kit",
    "ListQuery",
    "Listing",
    "LocalDate",
    "LocaleDep",
    "LongText",
    "Output",
    "Page",
    "ReadSession",
    "Ref",
    "RequiredIfMatch",
    "Router",
    "Rows",
    "ShortText",
    "Slug",
    "Sort",
    "SourceRef",
    "Tag",
    "Where",
    "WriteSession",
    "check_version",
    "create_app",
    "operation",
    "set_etag",
    "write_once",
]
