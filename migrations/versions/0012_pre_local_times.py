"""Times of events as clocks on the wall show them, and events that have days and no hours.

Imports nothing from the package. Forward only.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alembic import op
from sqlalchemy import Boolean, Column, String, false, text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS = text("SELECT id, timezone, starts_at, ends_at, rsvp_until FROM events")
_FILL = text(
    "UPDATE events SET local_start = :starts, local_end = :ends, local_until = :until"
    " WHERE id = :id"
)


def upgrade() -> None:
    op.add_column("events", Column("local_start", String(19), nullable=False, server_default=""))
    op.add_column("events", Column("local_end", String(19)))
    op.add_column("events", Column("local_until", String(19)))
    op.add_column("events", Column("all_day", Boolean, nullable=False, server_default=false()))
    conn = op.get_bind()
    for row in conn.execute(_ROWS).all():
        starts, ends, until = (
            _local(at, row.timezone) for at in (row.starts_at, row.ends_at, row.rsvp_until)
        )
        conn.execute(_FILL, {"id": row.id, "starts": starts or "", "ends": ends, "until": until})


def _local(microseconds: int | None, timezone: str) -> str | None:
    """Return what the clocks of a zone show; None where there is no time, or no such zone."""
    if microseconds is None:
        return None
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    at = (_EPOCH + timedelta(microseconds=microseconds)).astimezone(zone)
    return at.replace(tzinfo=None).isoformat(timespec="seconds")
