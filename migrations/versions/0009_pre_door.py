"""The door: what greeters write down, and how people stood before they came.

Declares its tables itself and imports nothing from the package. Forward only.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
INSTANT = BigInteger()  # microseconds since 1970 in UTC


def upgrade() -> None:
    METADATA.create_all(op.get_bind())


Table("events", METADATA, Column("id", String(36), primary_key=True))  # of step 0001

Table(
    "door_entries",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("rsvp_id", String(36), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("device", String(36), nullable=False),
    Column("guests", Integer),
    Index("ix_door_entries_event_id", "event_id"),
    Index("ix_door_entries_rsvp_id", "rsvp_id"),
)

Table(
    "door_before",
    METADATA,
    Column("rsvp_id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("guests", Integer, nullable=False),
    Index("ix_door_before_event_id", "event_id"),
)
