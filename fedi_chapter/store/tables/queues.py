"""The three queues: what came in, what happened here, what goes out.

All three work by lease: a worker takes rows until `lease_until`; a worker that dies
gives them back by doing nothing.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    text,
)

from fedi_chapter.store.tables.base import BIG_ID, Instant, metadata

_WAITING = text("state IN ('waiting', 'in_flight')")
_IN_FLIGHT = text("state = 'in_flight'")
_FAILED = text("state = 'failed'")

inbox = Table(
    "inbox",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("activity_id", Text, nullable=False),  # may come again, with something else
    Column("digest", Text, nullable=False),  # of what was said, and by whom
    Column("signed_at", Instant, nullable=False),
    Column("proved", Boolean, nullable=False),  # by a key of its actor
    Column("host", Text, nullable=False, server_default=""),  # of who signed
    Column("actor_uri", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary),  # emptied when done
    Column("received_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | done | parked
    Column("attempts", Integer, nullable=False, default=0),
    Column("place", Instant, nullable=False),  # the earlier goes first, among those of a host
    Column("due", Instant, nullable=False),
    Column("lease_until", Instant),
    # Waits for a third server: what its actor says meanwhile need not wait with it.
    Column("stands_aside", Boolean, nullable=False, server_default=false()),
    Column("outcome", Text),
    # The ledger against replays: the same said again is new when it was signed anew.
    Index("uq_inbox_digest_signed_at", "digest", "signed_at", unique=True),
    Index(  # a claim takes the first of each host, however many the others have
        "ix_inbox_waiting",
        "host",
        "place",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(  # has its actor an earlier one that waits?
        "ix_inbox_waiting_of_actor",
        "actor_uri",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_inbox_received_at", "received_at"),
)

dropped = Table(  # of what came in: a number for each reason
    "dropped",
    metadata,
    Column("reason", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("coalesce_key", Text, unique=True),  # one waiting row per key
    Column("at", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_until", Instant),
    Column("parked_at", Instant),
    Column("error", Text),
    Index("ix_outbox_due", "due", "id"),
)

activities = Table(
    "activities",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("object_uri", Text, nullable=False),  # what it is about: deliveries keep its order
    Column("body", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("key_id", Text),  # must be signed with this key rather than the current one
    Column("at", Instant, nullable=False),
    Index("ix_activities_object_uri", "object_uri"),
    Index(  # key rotations: few, and asked for by every claim
        "ix_activities_key_id",
        "key_id",
        sqlite_where=text("key_id IS NOT NULL"),
        postgresql_where=text("key_id IS NOT NULL"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("activity_id", ForeignKey("activities.id"), nullable=False),
    Column("inbox", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("object_uri", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("first_due", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("status", Integer),
    Column("error", Text),
    Column("finished_at", Instant),
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
