"""The job that writes what came of a reminder into contacts: once, even when contacts is down or we are killed."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.campaigns.reminders import repository
from services.campaigns.reminders.rules import Status
from services.kit.client import ServiceClient, system_identity
from services.kit.database import Session
from services.kit.jobs import JobContext, enqueue

if TYPE_CHECKING:
    import asyncpg

KIND = "interactions.record"
SCOPES = frozenset({"interactions:write"})


async def record_interaction(session: Session, reminder_id: UUID, completion: int) -> None:
    """Add the job for one completion; it runs if and when the transaction commits."""
    payload: dict[str, object] = {"reminder_id": str(reminder_id), "completion": completion}
    await enqueue(session, KIND, payload, dedupe_key=f"{reminder_id}:{completion}", title="Write an interaction")


class InteractionRecorder:
    """Writes interactions of completed reminders."""

    def __init__(self, contacts: ServiceClient, service: str = "campaigns") -> None:
        self._contacts = contacts
        self._service = service

    async def run(self, job: JobContext) -> None:
        """Write the interaction of one completion; nothing where it was taken back or has been written."""
        reminder_id, completion = UUID(job.payload["reminder_id"]), int(job.payload["completion"])
        async with job.write() as session:
            row = await repository.find(session, reminder_id)
        if row is None or not waits(row, completion):
            return
        response = await self._contacts.post(
            "/v1/interactions",
            identity=system_identity(self._service, job.workspace_id),
            scopes=SCOPES,
            json=interaction_of(row),
            idempotency_key=key_of(reminder_id, completion),
        )
        async with job.write() as session:
            await repository.note_interaction(session, reminder_id, completion, UUID(response.json()["id"]))


def waits(row: "asyncpg.Record", completion: int) -> bool:
    """Tell whether this completion still stands and has no interaction yet."""
    return bool(row["status"] == Status.DONE and row["completion"] == completion and row["interaction_id"] is None)


def key_of(reminder_id: UUID, completion: int) -> str:
    """Return the Idempotency-Key: the reminder's id; a reminder that was reopened and completed again counts on."""
    return str(reminder_id) if completion == 1 else f"{reminder_id}.{completion}"


def interaction_of(row: "asyncpg.Record") -> dict[str, Any]:
    """Return what contacts is told."""
    return {
        "customer_id": str(row["customer_id"]),
        "function": row["function"],
        "channel": row["contacted_through"],
        "direction": "outbound",
        "occurred_at": row["contacted_at"].isoformat(),
        "outcome": row["outcome"],
        **({"summary": row["summary"]} if row["summary"] else {}),
        **({"rep_id": str(row["rep_id"])} if row["rep_id"] else {}),
    }
