"""The composition root: builds what campaigns consists of from its settings."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from services.campaigns.audience.profiles import Profiles
from services.campaigns.care.jobs import look_again
from services.campaigns.care.service import Care
from services.campaigns.care_rules.service import CareRules
from services.campaigns.customers.service import Customers
from services.campaigns.reminders.jobs import InteractionRecorder, record_interaction
from services.campaigns.reminders.service import Reminders
from services.campaigns.settings import CampaignsSettings
from services.kit.client import Peers
from services.kit.web.app import Kit


@dataclass(frozen=True, slots=True)
class Container:
    """What features are wired from."""

    peers: Peers
    customers: Customers
    care_rules: CareRules
    care: Care
    reminders: Reminders
    profiles: Profiles
    recorder: InteractionRecorder


def build_container(
    kit: Kit, settings: CampaignsSettings, transports: Mapping[str, httpx.AsyncBaseTransport] | None = None
) -> Container:
    """Build everything; opens nothing yet. `transports` replaces the network by peer, in tests."""
    peers = Peers(settings.peers, kit.signer, transports)
    contacts = peers.client("contacts")
    care_rules = CareRules(kit.clock, look_again)
    return Container(
        peers=peers,
        customers=Customers(kit.clock),
        care_rules=care_rules,
        care=Care(care_rules, kit.clock),
        reminders=Reminders(kit.clock, record_interaction),
        profiles=Profiles(contacts),
        recorder=InteractionRecorder(contacts),
    )
