"""Scoring policies over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from services.kit.problems import NotFound
from services.kit.web import BindingDep, ReadSession, Router, operation, set_etag
from services.scoring.policies import service
from services.scoring.policies.schemas import PolicyPage, PolicyQuery, PolicyRead, PolicySummary

router = Router(prefix="/v1/scoring-policies", tags=["scores"])


@router.get("", **operation(scopes=["policies:read"]))
async def list_scoring_policies(
    query: Annotated[PolicyQuery, Query()], session: ReadSession, bound: BindingDep
) -> PolicyPage:
    """List the versions of the scoring rules, newest first."""
    rows = await service.page(session, query, query.status, bound, query.sort)
    items = [PolicySummary.model_validate(dict(row)) for row in rows.items]
    return PolicyPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{policy_id}", **operation(scopes=["policies:read"], problems=[NotFound]))
async def read_scoring_policy(
    policy_id: Annotated[UUID, Path(description="Id of the policy.")], session: ReadSession, response: Response
) -> PolicyRead:
    """Read one version of the scoring rules with every parameter."""
    row = await service.read(session, policy_id)
    set_etag(response, row["version"])
    return PolicyRead.model_validate(dict(row))
