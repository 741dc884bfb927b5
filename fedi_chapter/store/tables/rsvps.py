"""Who comes, how many, what they are told, and where exactly: nothing here is ever public.

The counts outlive the people: attendees are erased some days after the event.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from fedi_chapter.store.tables.base import Instant, metadata

rsvps = Table(
    "rsvps",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("key", Text, nullable=False),  # same key, same person; a keyed hash when only counted
    Column("actor_uri", Text),
    Column("name", Text),
    Column("email", Text),
    Column("email_confirmed_at", Instant),
    Column("email_refused_at", Instant),
    Column("email_turn", Integer, nullable=False, default=1),
    Column("language", String(35)),
    Column("status", String(16), nullable=False),
    Column("guests", Integer, nullable=False, default=0),
    Column("route", String(16), nullable=False),
    Column("activity_id", Text),
    Column("note", Text),
    Column("said_at", Instant, nullable=False),
    Column("said_rank", String(1), nullable=False),
    Column("said_guests", Integer, nullable=False),
    Column("queued_at", Instant),
    Column("turn", Integer, nullable=False, default=0),
    Column("muted", Boolean, nullable=False, default=False),
    Column("approved_guests", Integer),  # null: no organizer said yes
    Column("asked_guests", Integer),
    Column("checked_in_at", Instant),
    Column("form_number", String(64)),  # a fingerprint; gone when the answer's page was opened
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("event_id", "key"),
    Index("ix_rsvps_event_id_status_queued_at", "event_id", "status", "queued_at"),
    Index("ix_rsvps_actor_uri", "actor_uri"),
    Index("ix_rsvps_email", "email"),
    Index(
        "ix_rsvps_form_number",
        "form_number",
        sqlite_where=text("form_number IS NOT NULL"),
        postgresql_where=text("form_number IS NOT NULL"),
    ),
)

tallies = Table(
    "tallies",
    metadata,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("going", Integer, nullable=False, default=0),  # people; heads are with their guests
    Column("going_heads", Integer, nullable=False, default=0),
    Column("maybe", Integer, nullable=False, default=0),
    Column("no", Integer, nullable=False, default=0),
    Column("pending", Integer, nullable=False, default=0),
    Column("waitlist", Integer, nullable=False, default=0),
    Column("attended", Integer, nullable=False, default=0),
    Column("attended_heads", Integer, nullable=False, default=0),
    Column("no_show", Integer, nullable=False, default=0),
    Column("told", Integer, nullable=False, default=0),  # how often totals were sent out
)

faces = Table(
    "faces",
    metadata,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("is_full", Boolean, nullable=False, default=False),  # what was last said of seats
    Column("changed_at", Instant),
    Column("poll_ends_at", Instant),  # as other servers know it
)

notices = Table(
    "notices",
    metadata,
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
    Column("state", String(8), nullable=False, default="waiting"),  # waiting, sent, dropped, failed
    Column("due", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("ix_notices_event_id", "event_id"),
    Index("ix_notices_rsvp_id", "rsvp_id"),
    Index(
        "ix_notices_waiting",
        "due",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_notices_recipient", "recipient"),
    Index(
        "ix_notices_mailed",
        "ended_at",
        sqlite_where=text("route = 'mail' AND state = 'sent'"),
        postgresql_where=text("route = 'mail' AND state = 'sent'"),
    ),
)

exact_places = Table(
    "exact_places",
    metadata,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text),
    Column("lat", Float),
    Column("lon", Float),
)

private_links = Table(
    "private_links",
    metadata,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("url", Text, nullable=False),
)

event_secrets = Table(
    "event_secrets",
    metadata,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # keys the hashes of a count-only event
)
