"""The four processes: what they are called, which package holds each, and in which order they start."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from fastapi import FastAPI

from services.kit.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Process:
    """One of the four: its name and the package that holds `app` and `settings`."""

    name: str
    package: str

    def settings_class(self) -> type[ServiceSettings]:
        """Return the class of its settings."""
        module = import_module(f"{self.package}.settings")
        own = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__
        ]
        return own[0]

    def factory(self) -> Callable[[ServiceSettings], FastAPI]:
        """Return the function that makes its application."""
        made: Callable[[ServiceSettings], FastAPI] = import_module(f"{self.package}.app").create_app
        return made


# In the order of dependence: nobody starts before those it follows or calls.
PROCESSES = (
    Process("contacts", "services.contacts"),
    Process("scoring", "services.scoring"),
    Process("campaigns", "services.campaigns"),
    Process("gateway", "gateway"),
)
NAMES = tuple(process.name for process in PROCESSES)


def process_named(name: str) -> Process:
    """Return the process with a name; KeyError where there is none."""
    return {process.name: process for process in PROCESSES}[name]
