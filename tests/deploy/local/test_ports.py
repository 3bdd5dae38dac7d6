"""Ports of the local run."""

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.ports import free_port, gateway_port, port_of, reserve


def test_a_port_that_somebody_listens_on_is_named() -> None:
    with reserve(0) as holder:
        holder.listen()
        with pytest.raises(LocalRunError, match=rf"Port {port_of(holder)} is taken by another program\. Set KITH_PORT"):
            reserve(port_of(holder))


def test_a_free_port_can_be_reserved() -> None:
    with reserve(free_port()) as listener:
        assert port_of(listener) > 0


@pytest.mark.parametrize("text", ["http", "-1", "65536", "80.5", "٨٠"])
def test_a_port_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_PORT", text)
    with pytest.raises(LocalRunError, match="KITH_PORT must be a number from 0 to 65535"):
        gateway_port()


def test_the_port_is_8080_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KITH_PORT", raising=False)
    assert gateway_port() == 8080
