"""Wiring of the reminder endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from services.campaigns.reminders.service import Reminders


async def reminders(request: Request) -> Reminders:
    """Return the verbs on reminders."""
    service: Reminders = request.app.state.campaigns.reminders
    return service


RemindersDep = Annotated[Reminders, Depends(reminders)]
