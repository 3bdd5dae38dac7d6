"""People that tests are about."""

from typing import Any

from tests.contacts.conftest import Door

PATH = "/v1/people"
MING: dict[str, Any] = {
    "given_name": "小明",
    "family_name": "王",
    "emails": [{"address": "Ming@Example.com", "primary": True}, {"address": "ming@work.example"}],
    "phones": [{"number": "+886 912 345 678"}],
    "birthday": "--05-17",
    "locale": "zh-Hant-TW",
    "time_zone": "Asia/Taipei",
    "tags": ["tea", "vip", "tea"],
    "custom": {"shoe_size": 43, "likes_cats": True},
    "contact_hours": [{"days": ["mon", "tue"], "from": "09:00", "to": "12:00"}],
    "addresses": [{"kind": "home", "lines": ["民生東路 1 號"], "city": "台北", "country": "TW"}],
    "handles": [{"network": "line", "handle": "ming.w"}],
    "external_ids": [{"source": "import", "id": "c/1"}],
}


async def made(door: Door, **fields: object) -> dict[str, Any]:
    """Create a person and return it."""
    return await door.made(PATH, {"display_name": "Somebody", **fields})
