"""A short name for every event, for addresses on paper.

Imports nothing from the package. Forward only.
"""

import hashlib

from alembic import op
from sqlalchemy import Column, String, text

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_ROWS = text("SELECT id FROM events")
_FILL = text("UPDATE events SET short_name = :short WHERE id = :id")


def upgrade() -> None:
    op.add_column("events", Column("short_name", String(8), nullable=False, server_default=""))
    conn = op.get_bind()
    for row in conn.execute(_ROWS).all():
        conn.execute(_FILL, {"id": row.id, "short": _short(row.id)})
    op.create_index("ix_events_short_name", "events", ["short_name"])


def _short(event_id: str) -> str:
    number = int.from_bytes(hashlib.blake2b(event_id.encode(), digest_size=5).digest(), "big")
    return "".join(_LETTERS[number >> place & 31] for place in range(35, -1, -5))
