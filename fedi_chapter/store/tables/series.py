"""Series of events: a rule and where it begins. Its events are rows of `events`."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text

from fedi_chapter.store.tables.base import Instant, metadata

series = Table(
    "series",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("template_id", ForeignKey("events.id"), nullable=False),
    Column("rule", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("begins", String(19), nullable=False),  # local time in that zone
    Column("skipped", JSON, nullable=False, default=list),  # days, ISO 8601
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant),
    Column("revision", Integer, nullable=False, default=0),
)
