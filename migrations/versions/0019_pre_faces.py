"""What the face of each event last said: whether it is full, and when its poll ends elsewhere.

Forward only.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, MetaData, String, Table, text

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

METADATA = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
INSTANT = BigInteger()  # microseconds since 1970 in UTC
_ENDS_KNOWN = text(
    "INSERT INTO faces (event_id, is_full, poll_ends_at)"
    " SELECT id, false, COALESCE(rsvp_until, starts_at) FROM events"
    " WHERE published_at IS NOT NULL"
)

Table("events", METADATA, Column("id", String(36), primary_key=True))  # of step 0001
faces = Table(
    "faces",
    METADATA,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("is_full", Boolean, nullable=False),
    Column("changed_at", INSTANT),
    Column("poll_ends_at", INSTANT),
)


def upgrade() -> None:
    faces.create(op.get_bind())
    op.execute(_ENDS_KNOWN)
