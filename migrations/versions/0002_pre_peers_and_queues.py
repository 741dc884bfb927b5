"""The tables of everybody else, and of what comes in and goes out.

Declares its tables itself and imports nothing from the package. Forward only.
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
    text,
)

revision = "0002"
down_revision = "0001"
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
BIG_ID = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    METADATA.create_all(op.get_bind())


Table("local_actors", METADATA, Column("id", String(36), primary_key=True))  # of step 0001

Table(
    "hosts",
    METADATA,
    Column("host", Text, primary_key=True),
    Column("software", Text),  # from NodeInfo, lower case
    Column("version", Text),
    Column("asked_at", INSTANT),  # when NodeInfo was last asked
    Column("takes_events", Boolean, nullable=False),
    Column("scheme", String(16), nullable=False),  # or rfc9421
    Column("failures", Integer, nullable=False),  # in a row
    Column("failing_since", INSTANT),
    Column("rest_until", INSTANT),
    Column("last_success_at", INSTANT),
    Column("allowed_at", INSTANT),  # an organizer said yes (FEDERATION hold and allowlist)
    Index("ix_hosts_rest_until", "rest_until"),
)

Table(
    "remote_actors",
    METADATA,
    Column("uri", Text, primary_key=True),
    Column("host", Text, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("handle", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("summary_html", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("inbox", Text, nullable=False),
    Column("shared_inbox", Text),
    Column("outbox", Text),
    Column("followers", Text),
    Column("icon_url", Text),
    Column("also_known_as", JSON, nullable=False),
    Column("moved_to", Text),
    Column("moved_at", INSTANT),
    Column("fetched_at", INSTANT, nullable=False),
    Column("gone_at", INSTANT),
)

Table(
    "remote_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column(
        "owner", ForeignKey("remote_actors.uri", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("kind", String(16), nullable=False),
    Column("public", LargeBinary, nullable=False),
)

Table(
    "followers",
    METADATA,
    Column("actor_id", ForeignKey("local_actors.id"), primary_key=True),
    Column("uri", ForeignKey("remote_actors.uri"), primary_key=True),
    Column("follow_activity", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", INSTANT, nullable=False),
    Index("ix_followers_uri", "uri"),
)

Table(
    "following",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("uri", ForeignKey("remote_actors.uri"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", INSTANT, nullable=False),
    Index("uq_following_actor_id_uri", "actor_id", "uri", unique=True),
    Index("ix_following_uri", "uri"),
)

Table(
    "neighbour_posts",
    METADATA,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", ForeignKey("remote_actors.uri"), nullable=False, index=True),
    Column("title", Text),
    Column("html", Text, nullable=False),
    Column("language", String(35)),
    Column("url", Text, nullable=False),
    Column("published_at", INSTANT, nullable=False, index=True),
    Column("updated_at", INSTANT),
)

Table(
    "neighbour_events",
    METADATA,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", ForeignKey("remote_actors.uri"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("starts_at", INSTANT, nullable=False, index=True),
    Column("ends_at", INSTANT),
    Column("timezone", Text),
    Column("all_day", Boolean, nullable=False),
    Column("place_name", Text),
    Column("address", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("online_url", Text),
    Column("html", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("takes_rsvp", Boolean, nullable=False),
    Column("published_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT),
)

Table(
    "blocks",
    METADATA,
    Column("target", Text, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("since", INSTANT, nullable=False),
)

_WAITING = text("state IN ('waiting', 'in_flight')")
_IN_FLIGHT = text("state = 'in_flight'")
_FAILED = text("state = 'failed'")

Table(
    "inbox",
    METADATA,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("activity_id", Text, nullable=False, unique=True),  # the ledger against replays
    Column("actor_uri", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary),  # emptied when done
    Column("received_at", INSTANT, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | done | parked
    Column("attempts", Integer, nullable=False),
    Column("due", INSTANT, nullable=False),
    Column("lease_until", INSTANT),
    Column("outcome", Text),
    Index(
        "ix_inbox_waiting",
        "due",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_inbox_received_at", "received_at"),
)

Table(
    "outbox",
    METADATA,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("coalesce_key", Text, unique=True),  # one waiting row per key
    Column("at", INSTANT, nullable=False),
    Column("due", INSTANT, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", INSTANT),
    Column("parked_at", INSTANT),
    Column("error", Text),
    Index("ix_outbox_due", "due", "id"),
)

Table(
    "activities",
    METADATA,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("object_uri", Text, nullable=False),  # what it is about: deliveries keep its order
    Column("body", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("key_id", Text),  # must be signed with this key rather than the current one
    Column("at", INSTANT, nullable=False),
    Index("ix_activities_object_uri", "object_uri"),
    Index(  # key rotations: few, and asked for by every claim
        "ix_activities_key_id",
        "key_id",
        sqlite_where=text("key_id IS NOT NULL"),
        postgresql_where=text("key_id IS NOT NULL"),
    ),
)

Table(
    "deliveries",
    METADATA,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("activity_id", ForeignKey("activities.id"), nullable=False),
    Column("inbox", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("object_uri", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_due", INSTANT, nullable=False),
    Column("due", INSTANT, nullable=False),
    Column("lease_until", INSTANT),
    Column("status", Integer),
    Column("error", Text),
    Column("finished_at", INSTANT),
    Index("uq_deliveries_activity_id_inbox", "activity_id", "inbox", unique=True),
    Index(
        "ix_deliveries_waiting",
        "due",
        "id",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    Index(  # a claim takes the first of each host, however many the others have
        "ix_deliveries_host_due",
        "host",
        "due",
        "id",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    Index(  # the limit per host counts these
        "ix_deliveries_in_flight",
        "host",
        sqlite_where=_IN_FLIGHT,
        postgresql_where=_IN_FLIGHT,
    ),
    Index(
        "ix_deliveries_failed",
        "host",
        "id",
        sqlite_where=_FAILED,
        postgresql_where=_FAILED,
    ),
    Index(  # has the news of a key reached a host?
        "ix_deliveries_activity_id_host",
        "activity_id",
        "host",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    # Who was told about an object; also keeps the order of what is said about it.
    Index("ix_deliveries_object_uri", "object_uri", "host"),
)
