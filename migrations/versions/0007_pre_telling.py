"""Telling people: organizers' messages, who wants no mail, and how much mail went out.

Declares its tables itself and imports nothing from the package. Forward only.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    text,
)

revision = "0007"
down_revision = "0006"
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
    op.create_index("ix_notices_recipient", "notices", ["recipient"])
    mailed = text("route = 'mail' AND state = 'sent'")
    op.create_index(
        "ix_notices_mailed",
        "notices",
        ["ended_at"],
        sqlite_where=mailed,
        postgresql_where=mailed,
    )
    METADATA.create_all(op.get_bind())


Table("events", METADATA, Column("id", String(36), primary_key=True))  # of step 0001

Table(
    "event_messages",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("at", INSTANT, nullable=False),
    Index("ix_event_messages_event_id_at", "event_id", "at"),
)

Table(
    "mail_stops",
    METADATA,
    Column("fingerprint", String(64), primary_key=True),  # of the address, which is not kept
    Column("at", INSTANT, nullable=False),
)
