"""With how many guests an organizer said yes to somebody, and how many more they ask for.

Forward only.
"""

from alembic import op
from sqlalchemy import Boolean, Column, Integer, column, table

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_RSVPS = table("rsvps", column("approved", Boolean), column("guests"), column("approved_guests"))


def upgrade() -> None:
    op.add_column("rsvps", Column("approved_guests", Integer))
    op.add_column("rsvps", Column("asked_guests", Integer))
    op.execute(_RSVPS.update().where(_RSVPS.c.approved).values(approved_guests=_RSVPS.c.guests))
    op.drop_column("rsvps", "approved")
