"""What our actors publish: events, posts, their pictures, tags and mentions, and boosts."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from fedi_chapter.store.tables.base import Instant, metadata

media = Table(
    "media",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("alt", Text, nullable=False),
    Column("blurhash", Text),
    Column("focus_x", Float),
    Column("focus_y", Float),
    Column("created_at", Instant, nullable=False),
)

places = Table(
    "places",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text),
    Column("lat", Float),
    Column("lon", Float),
)

events = Table(
    "events",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("description_html", Text, nullable=False, default=""),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("over_at", Instant, nullable=False),  # see `Event.over_at`
    Column("timezone", Text, nullable=False),
    # What the clocks of that zone show: the instants are computed from it (`domain.local_time`).
    Column("local_start", String(19), nullable=False),
    Column("local_end", String(19)),
    Column("local_until", String(19)),
    Column("all_day", Boolean, nullable=False, default=False),
    Column("place_id", ForeignKey("places.id")),
    Column("online_url", Text),
    Column("link_kept", Boolean, nullable=False, default=False),
    Column("rsvp", String(16), nullable=False),
    Column("external_url", Text),
    Column("capacity", Integer),
    Column("approval", Boolean, nullable=False, default=False),
    Column("rsvp_until", Instant),
    Column("counts_only", Boolean, nullable=False, default=False),
    Column("poll", JSON, nullable=False, default=list),  # the options, fixed at publication
    Column("place_shown", String(16), nullable=False, default="all"),
    Column("bring", Text, nullable=False, default=""),
    Column("status", String(16), nullable=False),
    Column("cancel_reason", Text),
    Column("previous_starts_at", Instant),
    Column("visibility", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    Column("updated_at", Instant),
    Column("deleted_at", Instant),
    Column("revision", Integer, nullable=False, default=0),
    Column("series_id", String(36)),
    Column("occurrence", String(19)),  # local time in the series' zone; null: its template
    Column("short_name", String(8), nullable=False, server_default=""),
    Index("ix_events_short_name", "short_name"),
    Index("ix_events_over_at", "over_at"),
    Index("ix_events_series_id_occurrence", "series_id", "occurrence", unique=True),
    Index("ix_events_actor_id_published_at", "actor_id", "published_at"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("title", Text),
    Column("warning", Text),  # what people read before they decide to read it
    Column("source", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("in_reply_to", Text),
    Column("published_at", Instant, nullable=False),
    Column("updated_at", Instant),
    Column("deleted_at", Instant),
    Column("revision", Integer, nullable=False, default=0),
    Index("ix_posts_actor_id_published_at", "actor_id", "published_at"),
    Index("ix_posts_in_reply_to", "in_reply_to"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("owner_id", String(36), primary_key=True),  # an event or a post
    Column("position", Integer, primary_key=True),
    Column("media_id", ForeignKey("media.id"), nullable=False),
)

tags = Table(
    "tags",
    metadata,
    Column("owner_id", String(36), primary_key=True),  # an event or a post
    Column("folded", Text, primary_key=True),  # case-folded, for finding
    Column("name", Text, nullable=False),  # as written
    Column("position", Integer, nullable=False),
    Index("ix_tags_folded", "folded"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("owner_id", String(36), primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("handle", Text, nullable=False),
)

boosts = Table(
    "boosts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("object_uri", Text, nullable=False),
    Column("author_uri", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("undone_at", Instant),
    Index("ix_boosts_actor_id_object_uri", "actor_id", "object_uri"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("former_type", Text),
    Column("at", Instant, nullable=False),
    Column("ours", Boolean, nullable=False, default=False),
)

undone = Table(
    "undone",
    metadata,
    Column("mark", String(64), primary_key=True),  # of an actor and what it did
    Column("until", Instant, nullable=False),  # what was signed before doesn't count
    Column("is_open", Boolean, nullable=False),  # nor does the next, whenever it was signed
    Column("at", Instant, nullable=False, index=True),
)
