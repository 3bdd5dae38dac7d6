"""Loads the made-up shop into a running Kith, through the public API only; a second run finds everything there."""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.demo.api import Api
from deploy.demo.csv_file import orders_csv
from deploy.demo.model import ERP, SHOPIFY, WOOCOMMERCE, Habit, Shop
from deploy.demo.records import account_body, interaction_body, person_body, rate_body, rep_body
from deploy.demo.sending import send_webhooks
from deploy.demo.shop import CURRENCY, TIME_ZONE, make_shop
from deploy.local.errors import LocalRunError

Json = dict[str, Any]
Say = Callable[[str], None]

SOURCES = {
    SHOPIFY: ("shopify", "Lantern & Leaf (Shopify)"),
    WOOCOMMERCE: ("woocommerce", "燈葉茶行 (WooCommerce)"),
    ERP: ("generic", "Lantern & Leaf wholesale (ERP)"),
}
OCCUPIED = (
    "This workspace holds customers already, and they are not the demo's. Make an empty workspace with"
    ' `.venv/bin/kith workspace create "Demo"`, and run `.venv/bin/kith demo --key KEY` with the key that it prints.'
)


@dataclass
class Loaded:
    """What is in the system by now: ids by the keys that the shop uses."""

    shop: Shop
    sources: dict[str, Json]
    reps: dict[str, str]
    people: dict[tuple[str, str], str]
    fresh_customers: set[str] = field(default_factory=set)
    """Ids of those whose orders came as webhooks."""
    changes: int = 0


async def load(api: Api, say: Say) -> Loaded:
    """Load what is not there yet."""
    me = await api.get("/v1/me")
    sources = {source["key"]: source async for source in api.items("/v1/sources")}
    if not set(SOURCES) & set(sources) and (await api.get("/v1/people", limit=1))["items"]:
        raise LocalRunError(OCCUPIED)
    say(f"Workspace {me['workspace']['name']!r} at {api.url}")
    first = not set(SOURCES) <= set(sources)
    for key in SOURCES:
        if key not in sources:
            sources[key] = await _create_source(api, key)
    # The shop's days are counted from the day it was first loaded, so that a later run makes the very same shop.
    shop = make_shop(datetime.fromisoformat(sources[SHOPIFY]["created_at"]))
    loaded = Loaded(shop, sources, reps={}, people={}, changes=int(first))
    await _settle_workspace(api, me["workspace"])
    for step in (_rates, _reps, _accounts, _people, _orders, _interactions, _webhooks):
        await step(api, loaded, say)
    return loaded


def secret_of(api: Api, source: str) -> str:
    """Return the signing secret of a source: known to whoever holds the key, and to nobody else."""
    return hmac.digest(api.key.encode(), f"demo source {source}".encode(), "sha256").hex()


async def _create_source(api: Api, key: str) -> Json:
    platform, name = SOURCES[key]
    body = {"platform": platform, "name": name, "key": key}
    secret = {} if key == ERP else {"secret": secret_of(api, key)}
    return await api.post("/v1/sources", body | secret)


async def _settle_workspace(api: Api, workspace: Json) -> None:
    wanted = {"time_zone": TIME_ZONE, "reporting_currency": CURRENCY}
    different = {name: value for name, value in wanted.items() if workspace[name] != value}
    if different:
        await api.patch("/v1/workspace", different)
        # Rates and amounts mean something only in the reporting currency: everybody must know it first.
        await api.arrived("/v1/exchange-rates")
        await api.arrived("/v1/scores", kind="value_tier")


async def _rates(api: Api, loaded: Loaded, say: Say) -> None:
    known = {(rate["currency"], rate["valid_from"]) async for rate in api.items("/v1/exchange-rates")}
    wanted = [rate_body(rate) for rate in loaded.shop.rates]
    new = [body for body in wanted if (body["currency"], body["valid_from"]) not in known]
    for body in new:
        await api.post("/v1/exchange-rates", body)
    _tell(loaded, say, "exchange rates", len(wanted), len(new))


async def _reps(api: Api, loaded: Loaded, say: Say) -> None:
    known = {rep["email"]: rep["id"] async for rep in api.items("/v1/reps")}
    new = [rep for rep in loaded.shop.reps if rep.email not in known]
    for rep in new:
        known[rep.email] = (await api.post("/v1/reps", rep_body(rep)))["id"]
    loaded.reps = {rep.key: known[rep.email] for rep in loaded.shop.reps}
    _tell(loaded, say, "reps", len(loaded.reps), len(new))


async def _accounts(api: Api, loaded: Loaded, say: Say) -> None:
    known = await _known(api, "/v1/accounts", ERP)
    new = [account for account in loaded.shop.accounts if (ERP, account.key) not in known]
    await _create(api, "/v1/accounts/batch", [account_body(account, loaded.reps) for account in new])
    _tell(loaded, say, "accounts", len(loaded.shop.accounts), len(new))


async def _people(api: Api, loaded: Loaded, say: Say) -> None:
    known: dict[tuple[str, str], str] = {}
    for source in SOURCES:
        known |= await _known(api, "/v1/people", source)
    # Newcomers are not created here: their first order brings them in, as it does in life.
    wanted = [person for person in loaded.shop.people if person.habit is not Habit.NEWCOMER]
    new = [person for person in wanted if (person.source, person.key) not in known]
    created = await _create(api, "/v1/people/batch", [person_body(person, loaded.reps) for person in new])
    known |= {(person.source, person.key): answer["id"] for person, answer in zip(new, created, strict=True)}
    loaded.people = known
    _tell(loaded, say, "people", len(wanted), len(new))


async def _orders(api: Api, loaded: Loaded, say: Say) -> None:
    for source in SOURCES:
        orders = loaded.shop.history(source)
        what = f"orders of {source} (CSV import)"
        listed = await api.get("/v1/orders", source=source, limit=1, count="exact")
        if listed["count"]["value"] >= len(orders) + len(loaded.shop.fresh(source)):
            _tell(loaded, say, what, len(orders), 0)
            continue
        form = {"kind": "orders", "format": "csv", "source": source, "effects": "scores"}
        job = await api.finished(await api.upload("/v1/imports", f"{source}.csv", orders_csv(orders), **form))
        if job["failed"]:
            message = f"{job['failed']} rows of {source}.csv were refused; {api.url}{job['errors_url']} lists them."
            raise LocalRunError(message)
        _tell(loaded, say, what, len(orders), _changed_rows(job))


async def _interactions(api: Api, loaded: Loaded, say: Say) -> None:
    known = {_place(item) async for item in api.items("/v1/interactions")}
    bodies = [
        interaction_body(one, loaded.people[one.person.source, one.person.key], loaded.reps)
        for one in loaded.shop.interactions
    ]
    new = [body for body in bodies if _place(body) not in known]
    await _create(api, "/v1/interactions/batch", new, effects="scores")
    _tell(loaded, say, "interactions", len(bodies), len(new))


async def _webhooks(api: Api, loaded: Loaded, say: Say) -> None:
    for source in (SHOPIFY, WOOCOMMERCE):
        orders = loaded.shop.fresh(source)
        arrival = await send_webhooks(api, loaded.sources[source], orders, secret_of(api, source))
        loaded.fresh_customers |= arrival.customers
        _tell(loaded, say, f"fresh orders of {source} (signed webhooks)", len(orders), arrival.sent)


async def _known(api: Api, path: str, source: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    async for item in api.items(path, source=source):
        found |= {(one["source"], one["id"]): item["id"] for one in item["external_ids"]}
    return found


async def _create(api: Api, path: str, bodies: Iterable[Json], **query: str) -> list[Json]:
    answers = await api.batch(path, bodies, **query)
    refused = [answer for answer in answers if answer["problem"]]
    if refused:
        message = f"{path} refused {len(refused)} of {len(answers)}; the first because of {refused[0]['problem']}"
        raise LocalRunError(message)
    return answers


def _place(interaction: Json) -> tuple[str, float, str]:
    at = datetime.fromisoformat(interaction["occurred_at"]).timestamp()
    return interaction["customer_id"], at, interaction["channel"]


def _changed_rows(job: Json) -> int:
    result = job["result"] or {}
    return int(result.get("created", 0)) + int(result.get("changed", result.get("updated", 0)))


def _tell(loaded: Loaded, say: Say, what: str, total: int, new: int) -> None:
    loaded.changes += new
    say(f"  {total:>6,} {what}" + ("" if new else ": there already"))
