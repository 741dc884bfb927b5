"""What came in by host, so that hosts take turns; followers by time, so that a rush is seen.

Forward only. What waits already shares one turn.
"""

from alembic import op
from sqlalchemy import Column, Text, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WAITING = text("state = 'waiting'")


def upgrade() -> None:
    op.add_column("inbox", Column("host", Text, nullable=False, server_default=""))
    op.drop_index("ix_inbox_waiting", table_name="inbox")
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["host", "due", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("ix_followers_since", "followers", ["since"])
