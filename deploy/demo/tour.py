"""What to look at in the demo: a few answers, and the requests that give them."""

from datetime import UTC, datetime
from typing import Any

from deploy.demo.api import Api

Json = dict[str, Any]

SHOWN = 4


async def lines(api: Api, key_in_shell: str) -> list[str]:
    """Return what the demo prints at its end; every curl line can be pasted as it is."""
    top = await _scores(api, kind="value_tier", value="diamond", sort="-points")
    slipping = await _slipping(api)
    care = (await api.get("/v1/reminders", status="open", sort="due_at", limit=SHOWN, count="exact"))["items"]
    star = top[0]["customer_id"] if top else None
    return [
        "",
        f'  KEY="{key_in_shell}"',
        "",
        "Who matters, and why?",
        *(f"  {_name(score)}: {score['points']:g} points, {_reasons(score)}" for score in top),
        _curl(api, "/v1/scores?kind=value_tier&value=diamond&sort=-points"),
        "",
        "Whom should we care for next?",
        *(f"  {_due(one)}  {_name(one)}: {one['reason']['text']}" for one in care),
        _curl(api, "/v1/reminders?status=open&sort=due_at"),
        "",
        "Which good customers are slipping away?",
        *(f"  {_name(score)}: {score['value']}, {_reasons(score)}" for score in slipping),
        _curl(api, "/v1/scores?kind=churn_risk&value=watch&sort=-points"),
        *([_curl(api, f"/v1/customers/{slipping[0]['customer_id']}/scores")] if slipping else []),
        "",
        "Everything about one customer, in one call:",
        *([_curl(api, f"/v1/customers/{star}/360")] if star else []),
        "",
        "The best customers first, and how often each class occurs:",
        _curl(api, "/v1/customers?sort=-net_revenue&limit=5"),
        *[_curl(api, f"/v1/scores?kind=customer_class&value={value}&limit=1&count=exact") for value in ("steady",)],
        "",
        f"All there is to ask: {api.url}/docs. What to try next: docs/first-hour.md.",
    ]


async def _scores(api: Api, **query: str) -> list[Json]:
    return list((await api.get("/v1/scores", limit=SHOWN, **query))["items"])


async def _slipping(api: Api) -> list[Json]:
    # A rising risk matters most where there is something to lose: those who used to come back.
    watched = (await api.get("/v1/scores", kind="churn_risk", value="watch", sort="-points", limit=50))["items"]
    steady = []
    for score in watched:
        scores = (await api.get(f"/v1/customers/{score['customer_id']}/scores"))["scores"]
        if scores["customer_class"]["value"] == "steady":
            steady.append(score)
        if len(steady) == SHOWN:
            break
    return steady


def _curl(api: Api, path: str) -> str:
    return f"""  curl -s -H "Authorization: Bearer $KEY" '{api.url}{path}' | python3 -m json.tool --no-ensure-ascii"""


def _name(item: Json) -> str:
    known = item["customer"] or {}
    return str(known.get("display_name") or item["customer_id"])


def _reasons(score: Json) -> str:
    return "; ".join(reason["text"] for reason in score["reasons"][:2])


def _due(reminder: Json) -> str:
    due = datetime.fromisoformat(reminder["due_at"])
    days = (due - datetime.now(UTC)).days
    return "today   " if days <= 0 else f"in {days:>2} d "
