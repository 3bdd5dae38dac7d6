"""What is wrong with a process's settings is told by the name of the variable, and without its value."""

import pytest

from deploy.environment import SettingsUnusable, read_settings
from gateway.settings import GatewaySettings


def refusal(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> str:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsUnusable) as refused:
        read_settings(GatewaySettings, service="gateway")
    return next(line for line in str(refused.value).splitlines() if line.startswith(variable))


def test_a_list_that_is_no_json_is_told_with_what_it_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, "KITH_CORS_ORIGINS", "https://hush.example")
    assert said.startswith('KITH_CORS_ORIGINS: must be JSON, a list such as ["a", "b"]')
    assert "hush" not in said


@pytest.mark.parametrize("variable", ["KITH_LOG_LEVEL", "KITH_LOG_FORMAT"])
def test_a_choice_that_there_is_not_is_told_with_those_that_there_are(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "should be '" in refusal(monkeypatch, variable, "loud")
