"""This instance: who it is, its actors, their keys, and the organizers who run it."""

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from fedi_chapter.store.tables.base import BIG_ID, Instant, metadata

instance = Table(
    "instance",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("domain", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

local_actors = Table(
    "local_actors",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("handle", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("summary", Text, nullable=False, default=""),
    Column("summary_html", Text, nullable=False, default=""),
    Column("language", String(35), nullable=False),
    Column("timezone", Text, nullable=False),
    Column("place_name", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("radius_km", Float),
    Column("icon_id", String(36)),
    Column("header_id", String(36)),
    Column("email", Text),
    Column("also_known_as", JSON, nullable=False, default=list),
    Column("moved_to", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

local_keys = Table(
    "local_keys",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # rsa | ed25519
    Column("fragment", String(64), nullable=False),  # main-key, ed25519-key, main-key-2 …
    Column("private_sealed", LargeBinary, nullable=False),  # sealed with the master key file
    Column("public_pem", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
)

organizers = Table(
    "organizers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("organizer_id", ForeignKey("organizers.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("organizer_id", ForeignKey("organizers.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
