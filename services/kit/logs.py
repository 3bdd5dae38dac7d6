"""Log lines: structured, with request and trace ids, and without personal data, tokens or query strings."""

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from services.kit.failures import where

SECRET_NAMES = re.compile(
    r"(secret|token|password|authorization|api[_-]?key|credential|signature|cookie|email|phone|address|"
    r"display_name|given_name|family_name|body|query|identity)",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
KEY_TEXT = re.compile(r"kith_(live|test)_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]+")
# The class of an error, in the line after the last one of a call in a traceback.
KIND = re.compile(r"^  File [^\n]*\n(?: [^\n]*\n)*(?:\w+\.)*(\w+)", re.MULTILINE)
PHONE = re.compile(r"\+\d[\d ()-]{6,}\d")


def mask(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what may not be logged: by the name of the field, and by the look of the value."""
    for name, value in event.items():
        if name != "event" and SECRET_NAMES.search(name):
            event[name] = "[hidden]"
        elif isinstance(value, str):
            event[name] = mask_text(value)
    return event


def mask_text(text: str) -> str:
    """Hide e-mail addresses, phone numbers, keys and tokens inside a text."""
    return PHONE.sub("[phone]", EMAIL.sub("[email]", KEY_TEXT.sub("[key]", text)))


def condense(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Tell of an error its kind and place only, on the same line: its text may quote what it failed on."""
    told = event.pop("exc_info", None)
    error = told if isinstance(told, BaseException) else (told if isinstance(told, tuple) else sys.exc_info())[1]
    if told and error:
        event.update(error=type(error).__name__, where=where(error))
    if str(event["event"]).startswith("Traceback "):  # as uvicorn passes on what ended a start
        event.update(event="failed", error=KIND.findall(event["event"])[-1])
    return event


def configure_logs(service: str, *, level: str = "info", style: str = "json") -> None:
    """Send everything, uvicorn's lines too, to standard output as one line each.

    `style` is json for machines or console for people. uvicorn's access log is off: it would print query strings.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        condense,
        mask,
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)
