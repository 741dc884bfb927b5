"""What our actors said about events of others. The events are rows of `neighbour_events`."""

from sqlalchemy import Column, ForeignKey, String, Table

from fedi_chapter.store.tables.base import Instant, metadata

attendances = Table(
    "attendances",
    metadata,
    Column("actor_id", ForeignKey("local_actors.id"), primary_key=True),
    Column(
        "event_uri",
        ForeignKey("neighbour_events.uri", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    Column("answer_id", String(36), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("verb", String(16)),  # the activity that said it
    Column("said_at", Instant, nullable=False),
    Column("answered_at", Instant),
)
