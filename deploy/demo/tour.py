"""What to look at in the demo: a few answers, and the requests that give them."""

from datetime import UTC, datetime
from typing import Any

from deploy.demo.api import Api

Json = dict[str, Any]

SHOWN = 4
LOOKED_AT = 50
"""So many rising risks are looked through for those who used to come back."""


async def lines(api: Api, key_in_shell: str) -> list[str]:
    """Return what the demo prints at its end; every curl line can be pasted as it is."""
    best = await _best(api)
    slipping = await _slipping(api)
    care = await api.get("/v1/reminders", status="open", sort="due_at", limit=SHOWN)
    return [
        "",
        f'  KEY="{key_in_shell}"',
        "",
        "Who matters, and why?",
        *map(_score_line, best),
        _curl(api, "/v1/scores?kind=value_tier&value=diamond&sort=-points"),
        *(_curl(api, f"/v1/customers/{score['customer_id']}/360") for score in best[:1]),
        "",
        "Whom should we care for next?",
        *map(_reminder_line, care["items"]),
        _curl(api, "/v1/reminders?status=open&sort=due_at"),
        "",
        "Which good customers are slipping away?",
        *map(_score_line, slipping),
        _curl(api, "/v1/scores?kind=churn_risk&value=watch&sort=-points"),
        *(_curl(api, f"/v1/customers/{score['customer_id']}/scores") for score in slipping[:1]),
        "",
        "Everybody in one list, the most revenue first:",
        _curl(api, "/v1/customers?sort=-net_revenue&limit=5"),
        "",
        f"All there is to ask: {api.url}/docs. What to try next: docs/first-hour.md.",
    ]


async def _best(api: Api) -> list[Json]:
    listed = await api.get("/v1/scores", kind="value_tier", value="diamond", sort="-points", limit=SHOWN)
    return [(await _scores(api, one["customer_id"]))["value_tier"] for one in listed["items"]]


async def _slipping(api: Api) -> list[Json]:
    # A rising risk matters most where there is something to lose: those who used to come back.
    listed = await api.get("/v1/scores", kind="churn_risk", value="watch", sort="-points", limit=LOOKED_AT)
    found: list[Json] = []
    for one in listed["items"]:
        scores = await _scores(api, one["customer_id"])
        if scores["customer_class"]["value"] == "steady":
            found.append(scores["churn_risk"])
        if len(found) == SHOWN:
            break
    return found


async def _scores(api: Api, customer_id: str) -> dict[str, Json]:
    return dict((await api.get(f"/v1/customers/{customer_id}/scores"))["scores"])


def _curl(api: Api, path: str) -> str:
    return f"""  curl -s -H "Authorization: Bearer $KEY" '{api.url}{path}' | python3 -m json.tool --no-ensure-ascii"""


def _score_line(score: Json) -> str:
    reasons = "; ".join(reason["text"] for reason in score["reasons"][:2])
    return f"  {_name(score)}: {score['value']}, {score['points']:g} points. {reasons}"


def _reminder_line(reminder: Json) -> str:
    days = (datetime.fromisoformat(reminder["due_at"]) - datetime.now(UTC)).days
    when = "due now" if days < 0 else f"within {days + 1} d"
    return f"  {_name(reminder)}, {when}: {reminder['reason']['text']} {reminder['suggestion']['text']}"


def _name(item: Json) -> str:
    known = item["customer"] or {}
    return str(known.get("display_name") or item["customer_id"])
