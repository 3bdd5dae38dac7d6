"""The composition root: builds what scoring consists of from its settings."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from services.kit.client import Peers
from services.kit.web.app import Kit
from services.scoring.cutoffs.service import CutoffService
from services.scoring.evaluation.service import EvaluationService
from services.scoring.scores.service import Scores
from services.scoring.settings import ScoringSettings


@dataclass(frozen=True, slots=True)
class Container:
    """What features are wired from."""

    peers: Peers
    evaluation: EvaluationService
    scores: Scores


def build_container(
    kit: Kit, settings: ScoringSettings, transports: Mapping[str, httpx.AsyncBaseTransport] | None = None
) -> Container:
    """Build everything; opens nothing yet. `transports` replaces the network by peer, in tests."""
    evaluation = EvaluationService(CutoffService(settings.passing_seconds), kit.clock)
    return Container(
        peers=Peers(settings.peers, kit.signer, transports),
        evaluation=evaluation,
        scores=Scores(evaluation, kit.clock),
    )
