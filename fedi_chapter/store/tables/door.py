"""What greeters write down at the door: ids and instants, and nobody's name."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from fedi_chapter.store.tables.base import Instant, metadata

door_entries = Table(
    "door_entries",
    metadata,
    Column("id", String(36), primary_key=True),  # made by the greeter's device
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("rsvp_id", String(36), nullable=False),
    Column("kind", String(8), nullable=False),  # came, walk-in, undone
    Column("at", Instant, nullable=False),
    Column("device", String(36), nullable=False),
    Column("guests", Integer),
    Index("ix_door_entries_event_id", "event_id"),
    Index("ix_door_entries_rsvp_id", "rsvp_id"),
)

door_before = Table(
    "door_before",
    metadata,
    Column("rsvp_id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("status", String(16), nullable=False),  # how somebody stood who has come
    Column("guests", Integer, nullable=False),
    Index("ix_door_before_event_id", "event_id"),
)
