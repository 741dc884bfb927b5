"""Everybody else: hosts, remote actors and their keys, follows in both directions, blocks."""

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
)

from fedi_chapter.store.tables.base import Instant, Words, metadata

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("software", Text),  # from NodeInfo, lower case
    Column("version", Text),
    Column("asked_at", Instant),  # when NodeInfo was last asked
    Column("ask_again_at", Instant),  # when it is asked next
    Column("takes_events", Boolean, nullable=False, default=False),
    Column("scheme", String(16), nullable=False, default="cavage"),  # or rfc9421
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("failing_since", Instant),
    Column("rest_until", Instant),
    Column("last_success_at", Instant),
    Column("allowed_at", Instant),  # an organizer said yes (FEDERATION hold and allowlist)
    Index("ix_hosts_rest_until", "rest_until"),
)

remote_actors = Table(
    "remote_actors",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("host", Text, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("handle", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("inbox", Text, nullable=False),
    Column("shared_inbox", Text),
    Column("outbox", Text),
    Column("followers", Text),
    Column("icon_url", Text),
    Column("also_known_as", JSON, nullable=False, default=list),
    Column("moved_to", Text),
    Column("moved_at", Instant),
    Column("fetched_at", Instant, nullable=False),
    Column("gone_at", Instant),
)

remote_keys = Table(
    "remote_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "owner", ForeignKey("remote_actors.uri", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("kind", String(16), nullable=False),
    Column("public", LargeBinary, nullable=False),
)

followers = Table(
    "followers",
    metadata,
    Column("actor_id", ForeignKey("local_actors.id"), primary_key=True),
    Column("uri", ForeignKey("remote_actors.uri"), primary_key=True),
    Column("follow_activity", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("host", Text, nullable=False),  # the actor's: a crowd is counted by host
    Index("ix_followers_uri", "uri"),
    Index("ix_followers_state_since", "state", "since"),
    Index("ix_followers_host_state_since", "host", "state", "since"),
)

following = Table(
    "following",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("uri", ForeignKey("remote_actors.uri"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Index("uq_following_actor_id_uri", "actor_id", "uri", unique=True),
    Index("ix_following_uri", "uri"),
)

neighbour_posts = Table(
    "neighbour_posts",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", ForeignKey("remote_actors.uri"), nullable=False, index=True),
    Column("title", Text),
    Column("html", Text, nullable=False),
    Column("warning", Text),
    Column("attached", Text, nullable=False, default=""),
    Column("excerpt", Text),  # one line of text
    Column("rule", Integer, nullable=False, default=0, index=True),  # that made the excerpt
    Column("language", String(35)),
    Column("url", Text, nullable=False),
    Column("published_at", Instant, nullable=False, index=True),
    Column("updated_at", Instant),
)

neighbour_events = Table(
    "neighbour_events",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", ForeignKey("remote_actors.uri"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("starts_at", Instant, nullable=False, index=True),
    Column("ends_at", Instant),
    Column("timezone", Text),
    Column("all_day", Boolean, nullable=False, default=False),
    Column("place_name", Text),
    Column("address", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("online_url", Text),
    Column("html", Text, nullable=False, default=""),
    Column("url", Text, nullable=False),
    Column("cancelled", Boolean, nullable=False, default=False),
    Column("join_mode", String(16)),
    Column("sign_up_url", Text),
    Column("published_at", Instant, nullable=False),
    Column("updated_at", Instant),
    Column("deleted_at", Instant),  # kept only while we said that we come
    Column("listed", Boolean, nullable=False, default=True),
    Column("tags", Words, nullable=False, default=()),
    Column("picture_url", Text),
    Column("picture_alt", Text, nullable=False, default=""),
)

unfilled_events = Table(
    "unfilled_events",
    metadata,
    Column("uri", ForeignKey("neighbour_events.uri", ondelete="CASCADE"), primary_key=True),
    Column("host", Text, nullable=False),
    Column("since", Instant, nullable=False),  # when it came without something
    Column("due", Instant, nullable=False, index=True),  # when its page is asked next
)

blocks = Table(
    "blocks",
    metadata,
    Column("target", Text, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("since", Instant, nullable=False),
)
