"""What organizers tell those who come, and who wants no mail."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from fedi_chapter.store.tables.base import Instant, metadata

event_messages = Table(
    "event_messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_event_messages_event_id_at", "event_id", "at"),
)

mail_stops = Table(
    "mail_stops",
    metadata,
    Column("fingerprint", String(64), primary_key=True),  # of the address, which is not kept
    Column("at", Instant, nullable=False),
)
