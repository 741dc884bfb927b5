"""When each server is asked next what it runs.

A server that was told of faces before it turned out to take events is asked anew, so that it
gets its Events. Forward only.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEEP = text(  # an answer is good for a week, in microseconds
    "UPDATE hosts SET ask_again_at = asked_at + 604800000000 WHERE software IS NOT NULL"
)
_ANEW = text(
    "UPDATE hosts SET takes_events = false, ask_again_at = NULL WHERE takes_events AND EXISTS"
    " (SELECT 1 FROM deliveries WHERE deliveries.host = hosts.host"
    " AND deliveries.object_uri LIKE '%/face')"
)


def upgrade() -> None:
    op.add_column("hosts", Column("ask_again_at", BigInteger))
    op.execute(_KEEP)
    op.execute(_ANEW)
