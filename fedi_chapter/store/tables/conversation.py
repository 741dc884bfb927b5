"""What others say to us: replies, private messages, reactions, reports, quotes."""

from typing import Any

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from fedi_chapter.store.tables.base import Instant, metadata


def _words() -> tuple[Column[Any], ...]:
    """Return the columns of foreign words: as they came, and as they are shown."""
    return (
        Column("html", Text, nullable=False),
        Column("warning", Text),
        Column("attached", Text, nullable=False, default=""),
        Column("body", Text),  # sanitised
        Column("is_cut", Boolean, nullable=False, default=False),
        Column("rule", Integer, nullable=False, default=0, index=True),  # that made the body
    )


replies = Table(
    "replies",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", Text, nullable=False, index=True),
    Column("in_reply_to", Text, nullable=False),
    Column("root", Text, nullable=False),
    *_words(),
    Column("language", String(35)),
    Column("url", Text, nullable=False),
    Column("unlisted", Boolean, nullable=False, default=False),
    Column("state", String(16), nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("updated_at", Instant),
    Column("received_at", Instant, nullable=False),
    Column("host", Text, nullable=False, default=""),  # the actor's: strangers are counted by it
    Index("ix_replies_root_published_at", "root", "published_at"),
    Index("ix_replies_host_state", "host", "state"),
)

deleted_replies = Table(
    "deleted_replies",
    metadata,
    Column("reply", Text, primary_key=True),
    Column("root", Text, nullable=False),  # answers to it still belong to that
    Column("at", Instant, nullable=False, index=True),
)

messages = Table(
    "messages",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", Text, nullable=False, index=True),
    Column("in_reply_to", Text),
    *_words(),
    Column("published_at", Instant, nullable=False),
    Column("updated_at", Instant),
    Column("received_at", Instant, nullable=False),
    Column("host", Text, nullable=False, default="", index=True),
)

reactions = Table(
    "reactions",
    metadata,
    Column("kind", String(16), primary_key=True),  # like | boost
    Column("actor_uri", Text, primary_key=True),
    Column("object_uri", Text, primary_key=True),
    Column("activity_id", Text, index=True),
    Column("at", Instant, nullable=False),
    Index("ix_reactions_object_uri_kind", "object_uri", "kind"),
)

reports = Table(
    "reports",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reporter", Text, nullable=False),
    Column("objects", JSON, nullable=False),
    Column("comment", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),  # host and objects: one each
    Column("at", Instant, nullable=False),
    Column("closed_at", Instant),
)

quotes = Table(
    "quotes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("quote_uri", Text, nullable=False),
    Column("target_uri", Text, nullable=False),
    Column("actor_uri", Text, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("uq_quotes_quote_uri_actor_uri", "quote_uri", "actor_uri", unique=True),
)
