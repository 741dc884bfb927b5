"""Who comes: RSVPs, their counts, what people are told, and where exactly.

Declares its tables itself and imports nothing from the package. Forward only. Events of
before have no poll: their face stays the Note it was published as.
"""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

revision = "0004"
down_revision = "0003"
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
    op.add_column("events", Column("rsvp_until", INSTANT))
    op.add_column("events", Column("counts_only", Boolean, nullable=False, server_default=false()))
    op.add_column("events", Column("poll", JSON, nullable=False, server_default="[]"))
    op.add_column("events", Column("place_shown", String(16), nullable=False, server_default="all"))
    op.add_column("events", Column("bring", Text, nullable=False, server_default=""))
    METADATA.create_all(op.get_bind())


Table("events", METADATA, Column("id", String(36), primary_key=True))  # of step 0001

Table(
    "rsvps",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("key", Text, nullable=False),  # same key, same person; a keyed hash when only counted
    Column("actor_uri", Text),
    Column("name", Text),
    Column("email", Text),
    Column("email_confirmed_at", INSTANT),
    Column("language", String(35)),
    Column("status", String(16), nullable=False),
    Column("guests", Integer, nullable=False),
    Column("route", String(16), nullable=False),
    Column("activity_id", Text),
    Column("note", Text),
    Column("said_at", INSTANT, nullable=False),
    Column("said_rank", String(1), nullable=False),
    Column("said_guests", Integer, nullable=False),
    Column("queued_at", INSTANT),
    Column("turn", Integer, nullable=False),
    Column("muted", Boolean, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("checked_in_at", INSTANT),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    UniqueConstraint("event_id", "key"),
    Index("ix_rsvps_event_id_status_queued_at", "event_id", "status", "queued_at"),
    Index("ix_rsvps_actor_uri", "actor_uri"),
    Index("ix_rsvps_email", "email"),
)

Table(
    "tallies",
    METADATA,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("going", Integer, nullable=False),  # people; heads are with their guests
    Column("going_heads", Integer, nullable=False),
    Column("maybe", Integer, nullable=False),
    Column("no", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("waitlist", Integer, nullable=False),
    Column("attended", Integer, nullable=False),
    Column("attended_heads", Integer, nullable=False),
    Column("no_show", Integer, nullable=False),
    Column("told", Integer, nullable=False),  # how often totals were sent out
)

Table(
    "notices",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("rsvp_id", String(36)),
    Column("kind", String(16), nullable=False),
    Column("route", String(8), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("once", Text, nullable=False, unique=True),
    Column("language", String(35)),
    Column("in_reply_to", Text),
    Column("facts", JSON, nullable=False),
    Column("state", String(8), nullable=False),  # waiting, sent, failed
    Column("due", INSTANT, nullable=False),
    Column("lease_until", INSTANT),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("created_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Index("ix_notices_event_id", "event_id"),
    Index("ix_notices_rsvp_id", "rsvp_id"),
    Index(
        "ix_notices_waiting",
        "due",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

Table(
    "exact_places",
    METADATA,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text),
    Column("lat", Float),
    Column("lon", Float),
)

Table(
    "event_secrets",
    METADATA,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # keys the hashes of a count-only event
)
