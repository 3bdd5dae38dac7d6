"""`/v1/care-rules`."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from services.campaigns.care_rules.dependencies import CareRulesDep
from services.campaigns.care_rules.rules import FUNCTIONS, Code
from services.campaigns.care_rules.schemas import (
    CareRulePage,
    CareRuleQuery,
    CareRuleRead,
    CareRuleUpdate,
    parameters_of,
    rule_of,
)
from services.campaigns.wording import WORDS
from services.kit.web import (
    BindingDep,
    IfMatch,
    LocaleDep,
    ReadSession,
    Router,
    WriteSession,
    operation,
    set_etag,
)
from services.kit.web.operation import ON_ID

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/care-rules", tags=["care"])
RuleId = Annotated[UUID, Path(description="Id of the rule.")]


@router.get("", **operation(scopes=["reminders:read"]))
async def list_care_rules(
    query: Annotated[CareRuleQuery, Query()],
    care_rules: CareRulesDep,
    session: ReadSession,
    bound: BindingDep,
    locale: LocaleDep,
) -> CareRulePage:
    """List the rules that open care reminders, with the parameters in force."""
    rows = await care_rules.page(session, query, bound)
    return CareRulePage(
        items=[shown(row, locale) for row in rows.items], next_cursor=rows.next_cursor, count=rows.count
    )


@router.get("/{rule_id}", **operation(scopes=["reminders:read"], problems=ON_ID))
async def read_care_rule(
    rule_id: RuleId, session: ReadSession, care_rules: CareRulesDep, locale: LocaleDep, response: Response
) -> CareRuleRead:
    """Read a care rule."""
    row = await care_rules.read(session, rule_id)
    set_etag(response, row["version"])
    return shown(row, locale)


@router.patch("/{rule_id}", **operation(scopes=["reminders:write"], problems=ON_ID))
async def update_care_rule(
    rule_id: RuleId,
    body: CareRuleUpdate,
    session: WriteSession,
    care_rules: CareRulesDep,
    version: IfMatch,
    locale: LocaleDep,
    response: Response,
) -> CareRuleRead:
    """Switch a care rule on or off, or change its parameters; reminders that are already open stay."""
    row = await care_rules.change(session, rule_id, body, version)
    set_etag(response, row["version"])
    return shown(row, locale)


def shown(row: "asyncpg.Record", locale: str) -> CareRuleRead:
    """Return a rule as clients see it."""
    code = Code(row["code"])
    return CareRuleRead(
        id=row["id"],
        version=row["version"],
        code=code,
        title=WORDS.text(f"care_rule.{code}", {}, locale),
        function=FUNCTIONS[code],
        enabled=row["enabled"],
        parameters=parameters_of(rule_of(code, row["parameters"])),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
