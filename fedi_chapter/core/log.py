"""One structured line per unit of work, on standard error.

Configured once by the command line; everyone else asks for `get_logger(__name__)`.
No body, key, token or private place is ever logged.
"""

import logging
import sys
from typing import Any, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from fedi_chapter.core.errors import Busy, OperatorError
from fedi_chapter.core.text import visible

SECRET_FIELDS = frozenset({"authorization", "cookie", "password", "private_key", "token"})
_PLAIN = frozenset({int, float, bool, type(None)})
"""Values that are printable whatever they are."""


class _Output:
    """Standard error, as far as it takes lines: no work fails because nobody could note it.

    A log on a full disk would otherwise turn every answer into a failure and end the loops.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.lost = 0
        """Lines in a row that could not be written."""

    def write(self, line: str) -> None:
        try:
            self._file.write(line)
            self._file.flush()
        except OSError:
            self.lost += 1
        else:
            self.lost = 0

    def flush(self) -> None:
        """Do nothing: every line is written at once."""

    def count_lost(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        """Let the first line that gets through again tell how many did not."""
        if self.lost:
            line["lines_lost"] = self.lost
        return line


def configure(level: str = "info", style: Literal["text", "json"] = "text") -> None:
    """Send log lines of at least `level` to standard error, as text or JSON lines."""
    renderer: Any = _plain
    output = _Output(sys.stderr)
    if style == "json":
        renderer = structlog.processors.JSONRenderer()
    elif sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    _take_warnings_of_libraries(cast(TextIO, output))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            output.count_lost,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, output)),
        cache_logger_on_first_use=True,
    )


def _take_warnings_of_libraries(output: TextIO) -> None:
    for handler in [each for each in logging.root.handlers if isinstance(each.formatter, _Visible)]:
        logging.root.removeHandler(handler)
    made = logging.StreamHandler(output)
    made.setFormatter(_Visible("%(levelname)s %(name)s %(message)s"))
    logging.root.addHandler(made)


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger whose lines carry the module's `name`."""
    return cast(FilteringBoundLogger, structlog.get_logger(module=name))


def because(error: BaseException) -> dict[str, Any]:
    """Return what a line tells of an error: reason and cure where we know them, else all of it.

    While the database is away every loop says so every few seconds: a line each, no traceback.
    """
    if isinstance(error, Busy | OperatorError):
        return {"reason": error.message} | ({"cure": error.cure} if error.cure else {})
    return {"exc_info": error}


def _redact(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    for field, value in line.items():
        if field in SECRET_FIELDS:
            line[field] = "***"
        elif type(value) not in _PLAIN:
            text = value if isinstance(value, str) else str(value)
            if not text.isprintable():
                # A terminal is never to act on what others wrote (INJ-07).
                line[field] = visible(text, keep="\n" if field == "exception" else "")
    return line


class _Visible(logging.Formatter):
    """Writes the warnings of libraries, in which words of others may stand too."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record), keep="\n")


def _plain(_: WrappedLogger, __: str, line: EventDict) -> str:
    """Write a line for a file; a third of the cost of structlog's renderer for people."""
    trace = line.pop("exception", None)
    head = f"{line.pop('timestamp')} [{line.pop('level')}] {line.pop('event')}"
    fields = "".join([f" {name}={_quoted(value)}" for name, value in line.items()])
    return f"{head}{fields}\n{trace}" if trace else f"{head}{fields}"


def _quoted(value: object) -> object:
    """Quote a text that could be read as more than one field."""
    return repr(value) if isinstance(value, str) and (" " in value or "=" in value) else value
