"""Wiring of the care rule endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from services.campaigns.care_rules.service import CareRules


async def care_rules(request: Request) -> CareRules:
    """Return the verbs on care rules."""
    service: CareRules = request.app.state.campaigns.care_rules
    return service


CareRulesDep = Annotated[CareRules, Depends(care_rules)]
