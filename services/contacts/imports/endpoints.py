"""Imports over HTTP."""

import hashlib
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Path, Query, Request, Response

from services.contacts.imports.dependencies import ImportsDep
from services.contacts.imports.errors import FileMissing
from services.contacts.imports.forms import Upload
from services.contacts.imports.schemas import FORM, ImportPage, ImportQuery, ImportRead, ImportSummary
from services.kit.ids import new_id
from services.kit.jobs import repository as jobs
from services.kit.jobs.endpoints import job_read, public_url
from services.kit.jobs.schemas import JobRead
from services.kit.problems import (
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    RequestInProgress,
    TooLarge,
    UnsupportedMediaType,
)
from services.kit.web import BindingDep, CallerDep, ReadSession, Router, Where, operation
from services.kit.web.idempotency import attempt_of

router = Router(prefix="/v1/imports", tags=["imports"])
ImportId = Annotated[UUID, Path(description="Id of the import, which is that of its job.")]
PROBLEMS = (FileMissing, TooLarge, UnsupportedMediaType, Invalid, IdempotencyKeyReused, RequestInProgress)


@router.post(
    "",
    status_code=202,
    response_model=JobRead,
    **operation(scopes=["imports:write"], problems=PROBLEMS, own_transaction=True, extra={"requestBody": FORM}),
)
async def create_import(request: Request, imports: ImportsDep, caller: CallerDep) -> Response:
    """Take a file of orders in. Rows of one order stand together; a second run of the same file changes nothing.

    The file is stored before the answer; the job in it says how far it is, and where to find the rows that failed.
    """
    write = partial(request.app.state.kit.database.write, caller.workspace_id)
    import_id = new_id()
    try:
        upload = await imports.receive(write, import_id, request.headers.get("content-type", ""), request.stream())
        return await accept(request, imports, caller, import_id, upload)
    except BaseException:
        await imports.discard(write, import_id)
        raise


async def accept(request: Request, imports: ImportsDep, caller: CallerDep, import_id: UUID, upload: Upload) -> Response:
    """Add the job, and keep the answer with it; a repetition gets the first answer and its file is forgotten."""
    kit = request.app.state.kit
    said = hashlib.sha256(orjson.dumps([sorted(upload.fields.items()), upload.sha256])).digest()
    attempt = attempt_of(request, caller, said)
    async with kit.database.write(caller.workspace_id) as session:
        kept: Response | None = await kit.replies.find(session, attempt) if attempt else None
        if kept is not None:
            await imports.rows.drop_pieces(session, import_id)
            return kept
        await imports.accept(session, import_id, upload)
        row = await jobs.find(session, import_id)
        body = job_read(row, public_url(request)).model_dump_json() if row else ""
        headers = {"Location": f"/v1/jobs/{import_id}"}
        response = Response(body, 202, headers, media_type="application/json")
        if attempt:
            await kit.replies.keep(session, attempt, response, secret=False)
        return response


@router.get("", **operation(scopes=["imports:read"]))
async def list_imports(
    query: Annotated[ImportQuery, Query()], imports: ImportsDep, session: ReadSession, bound: BindingDep
) -> ImportPage:
    """List imports, the latest first."""
    rows = await imports.rows.page(session, Where(), query, bound, query.sort)
    items = [ImportSummary.model_validate(dict(row)) for row in rows.items]
    return ImportPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{import_id}", **operation(scopes=["imports:read"], problems=[NotFound]))
async def read_import(import_id: ImportId, imports: ImportsDep, session: ReadSession, request: Request) -> ImportRead:
    """Read an import and how far its job is."""
    row = await imports.read(session, import_id)
    job = await jobs.find(session, import_id)
    if job is None:
        raise NotFound
    return ImportRead.model_validate({**dict(row), "job": job_read(job, public_url(request))})


CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get(
    "/{import_id}/errors",
    response_class=Response,
    **operation(scopes=["imports:read"], problems=[NotFound], responses=CSV, audited="import"),
)
async def read_import_errors(import_id: ImportId, imports: ImportsDep, session: ReadSession) -> Response:
    """Download what was wrong with which row, as CSV; of the first ten thousand rows that failed."""
    body = await imports.faults(session, import_id)
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}-errors.csv"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)
