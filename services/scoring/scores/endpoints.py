"""Scores over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.kit.jobs import repository as jobs
from services.kit.jobs.endpoints import job_read, public_url
from services.kit.jobs.schemas import JobRead
from services.kit.problems import InternalError, NotFound
from services.kit.web import (
    BindingDep,
    CallerDep,
    LocaleDep,
    ReadSession,
    Router,
    WriteSession,
    operation,
)
from services.scoring.evaluation.asking import ask_to_recompute
from services.scoring.scores.dependencies import ScoresDep
from services.scoring.scores.errors import EvaluationNeeded
from services.scoring.scores.schemas import (
    AsOf,
    CustomerScoresRead,
    RecomputeCommand,
    ScoreChangePage,
    ScoreChangeQuery,
    ScorePage,
    ScoreQuery,
)
from services.scoring.scores.views import change_of, page_of, ref, scores_of

router = Router(tags=["scores"])
CustomerId = Annotated[UUID, Path(description="Id of the person or account.")]


@router.get(
    "/v1/customers/{customer_id}/scores", **operation(scopes=["scores:read"], problems=[NotFound], fill_names=True)
)
async def read_customer_scores(
    customer_id: CustomerId,
    scores: ScoresDep,
    session: ReadSession,
    caller: CallerDep,
    locale: LocaleDep,
    as_of: Annotated[AsOf, Query()] = None,
) -> CustomerScoresRead:
    """Read all scores of a customer with their reasons, and what would change them.

    With `as_of`, what the facts known today say about that time.
    """
    found = await scores.of_customer(session, caller, customer_id, as_of)
    versions = {one.policy_version for one in found.scores.values()}
    return scores_of(found, await scores.policy_ids(session, versions), locale)


@router.get(
    "/v1/customers/{customer_id}/scores/history",
    **operation(scopes=["scores:read"], problems=[NotFound], fill_names=True),
)
async def list_score_changes(
    customer_id: CustomerId,
    query: Annotated[ScoreChangeQuery, Query()],
    scores: ScoresDep,
    session: ReadSession,
    caller: CallerDep,
    bound: BindingDep,
    locale: LocaleDep,
) -> ScoreChangePage:
    """List what was published about a customer's scores, the latest first."""
    found, rows = await scores.history(session, caller, customer_id, query, bound)
    customer = ref(found["customer_id"], found["type"])
    policies = await scores.policy_ids(session, {row["policy_version"] for row in rows.items})
    items = [change_of(customer, row, policies, locale) for row in rows.items]
    return ScoreChangePage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/v1/scores", **operation(scopes=["scores:read"], problems=[EvaluationNeeded], fill_names=True))
async def list_scores(
    query: Annotated[ScoreQuery, Query()],
    scores: ScoresDep,
    session: ReadSession,
    caller: CallerDep,
    bound: BindingDep,
    locale: LocaleDep,
) -> ScorePage:
    """List the scores of one kind, the highest first. With `as_of`, those of a recomputation for exactly that time."""
    rows, found = await scores.page(session, caller, query, bound)
    policies = await scores.policy_ids(session, {row["policy_version"] for row in rows.items})
    items = page_of(found, policies, locale)
    return ScorePage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.post("/v1/scores/recompute", status_code=202, **operation(scopes=["scores:write"]))
async def recompute_scores(
    scores: ScoresDep,
    session: WriteSession,
    request: Request,
    response: Response,
    body: RecomputeCommand | None = None,
) -> JobRead:
    """Take fresh cut-offs and score everybody by them, as a job.

    With `as_of` it records cut-offs and scores for that time alone; present scores do not move.
    """
    wanted = body or RecomputeCommand()
    as_of = scores.checked_in_body(wanted.as_of)
    job_id = await ask_to_recompute(session, wanted.kinds, as_of)
    row = await jobs.find(session, job_id)
    if row is None:
        raise InternalError
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return job_read(row, public_url(request))
