"""The list of settings: complete, and honest about secrets."""

import pytest

from deploy.local.listing import render, sections
from services.kit.settings import PREFIX, ServiceSettings


@pytest.mark.parametrize("name", list(ServiceSettings.model_fields))
def test_every_setting_is_listed_with_its_meaning(name: str) -> None:
    found = {setting.variable: setting for _, settings in sections() for setting in settings}
    assert found[f"{PREFIX}{name.upper()}"].meaning


@pytest.mark.parametrize(
    ("variable", "secret"),
    [
        ("KITH_API_DATABASE_URL", True),
        ("KITH_SECRET_KEYS", True),
        ("KITH_IDENTITY_PRIVATE_KEY", True),
        ("KITH_DATABASE_URL", True),
        ("KITH_ROLE_PASSWORDS", True),
        ("KITH_IDENTITY_PUBLIC_KEYS", False),
        ("KITH_PORT", False),
        ("KITH_LOG_LEVEL", False),
    ],
)
def test_secrets_are_marked(variable: str, *, secret: bool) -> None:
    marks = {setting.secret for _, settings in sections() for setting in settings if setting.variable == variable}
    assert marks == {secret}


def test_the_list_says_how_to_give_a_file() -> None:
    assert "KITH_X_FILE" in render()
