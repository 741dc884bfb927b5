"""One structured line per unit of work, on standard error.

Configured once by the command line; everyone else asks for `get_logger(__name__)`.
No body, key, token or private place is ever logged.
"""

import logging
import sys
from typing import Any, Literal, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

SECRET_FIELDS = frozenset({"authorization", "cookie", "password", "private_key", "token"})


def configure(level: str = "info", style: Literal["text", "json"] = "text") -> None:
    """Send log lines of at least `level` to standard error, as text or JSON lines."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger whose lines carry the module's `name`."""
    return cast(FilteringBoundLogger, structlog.get_logger(module=name))


def _redact(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    for field in SECRET_FIELDS & line.keys():
        line[field] = "***"
    for field, value in line.items():
        if isinstance(value, str) and ("\n" in value or "\x1b" in value) and field != "exception":
            line[field] = value.replace("\n", "\\n").replace("\r", "\\r").replace("\x1b", "\\e")
    return line
