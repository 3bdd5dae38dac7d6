"""Builds every service's application without starting it, to ask it for its description.

The gateway imports no service: this command loads them by name, and the running gateway reads only the finished file.
"""

import base64
from importlib import import_module
from typing import Any

from fastapi import FastAPI

from services.kit.settings import ServiceSettings

PACKAGES = {
    "gateway": "gateway",
    "contacts": "services.contacts",
    "scoring": "services.scoring",
    "campaigns": "services.campaigns",
}
NOTHING = bytes(32)


def build_applications() -> dict[str, FastAPI]:
    """Return every service's application by the service's name."""
    return {service: build_application(service, package) for service, package in PACKAGES.items()}


def build_application(service: str, package: str) -> FastAPI:
    """Return one application, with settings that lead nowhere."""
    settings = settings_class(package).model_validate(values_for(service))
    # The gateway routes by the finished document, which is what is being made here.
    more: dict[str, Any] = {"document": {"paths": {}}} if service == "gateway" else {}
    app: FastAPI = import_module(f"{package}.app").create_app(settings, **more)
    return app


def settings_class(package: str) -> type[ServiceSettings]:
    """Return the settings class of a service: the one that its module defines itself."""
    module = import_module(f"{package}.settings")
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__
    ]
    return own[0]


def values_for(service: str) -> dict[str, Any]:
    """Return settings under which an application can be built, but not be started."""
    return {
        "service": service,
        "peers": dict.fromkeys(PACKAGES, "http://nowhere.invalid"),
        "api_database_url": "postgresql://nowhere",
        "worker_database_url": "postgresql://nowhere",
        "identity_private_key": f"1:{base64.b64encode(NOTHING).decode()}",
        "secret_keys": [f"1:{base64.urlsafe_b64encode(NOTHING).decode()}"],
    }
