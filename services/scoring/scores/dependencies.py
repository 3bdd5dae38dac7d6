"""Wiring of the score endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from services.scoring.scores.service import Scores


async def scores(request: Request) -> Scores:
    """Return the verbs on scores."""
    service: Scores = request.app.state.scoring.scores
    return service


ScoresDep = Annotated[Scores, Depends(scores)]
