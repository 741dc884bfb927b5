"""Reading the Retry-After header (RFC 9110 §10.2.3).

Called by `fetch` and `post`. How long we then really wait is policy, and lives elsewhere.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DIGITS = 9


def seconds(value: str | None, now: datetime) -> float | None:
    """Return the seconds asked for, never negative; None when absent or unreadable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= DIGITS else None
    try:
        at = parsedate_to_datetime(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return max(0.0, (at - now).total_seconds())
    except (ValueError, OverflowError):
        return None
