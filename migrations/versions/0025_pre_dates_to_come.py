"""What others wrote is dated no later than now: such dates stood first, and shut out every edit.

Forward only.
"""

import time

from alembic import op
from sqlalchemy import text

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_DATES = (
    ("replies", "published_at"),
    ("replies", "updated_at"),
    ("messages", "published_at"),
    ("neighbour_posts", "published_at"),
    ("neighbour_posts", "updated_at"),
    ("neighbour_events", "published_at"),
    ("neighbour_events", "updated_at"),
)


def upgrade() -> None:
    now = time.time_ns() // 1_000  # as all instants are kept: microseconds since 1970
    for table, column in _DATES:
        clamp = text(f"UPDATE {table} SET {column} = :now WHERE {column} > :now")  # noqa: S608
        op.execute(clamp.bindparams(now=now))
