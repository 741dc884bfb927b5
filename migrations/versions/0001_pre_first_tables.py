"""The first tables: this instance, what it publishes, and what others say to it.

Declares its tables itself and imports nothing from the package. Forward only.
"""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
INSTANT = BigInteger()  # microseconds since 1970 in UTC
BIG_ID = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    METADATA.create_all(op.get_bind())


Table(
    "instance",
    METADATA,
    Column("id", Integer, primary_key=True),  # always 1
    Column("domain", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
)

Table(
    "local_actors",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("handle", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("summary_html", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("timezone", Text, nullable=False),
    Column("place_name", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("radius_km", Float),
    Column("icon_id", String(36)),
    Column("header_id", String(36)),
    Column("email", Text),
    Column("also_known_as", JSON, nullable=False),
    Column("moved_to", Text),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
)

Table(
    "local_keys",
    METADATA,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # rsa | ed25519
    Column("fragment", String(64), nullable=False),  # main-key, ed25519-key, main-key-2 …
    Column("private_sealed", LargeBinary, nullable=False),  # sealed with the master key file
    Column("public_pem", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("retired_at", INSTANT),
)

Table(
    "organizers",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("removed_at", INSTANT),
)

Table(
    "sign_in_links",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("organizer_id", ForeignKey("organizers.id"), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("used_at", INSTANT),
)

Table(
    "sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("organizer_id", ForeignKey("organizers.id"), nullable=False, index=True),
    Column("created_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT, nullable=False),
)

Table(
    "media",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("alt", Text, nullable=False),
    Column("blurhash", Text),
    Column("focus_x", Float),
    Column("focus_y", Float),
    Column("created_at", INSTANT, nullable=False),
)

Table(
    "places",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text),
    Column("lat", Float),
    Column("lon", Float),
)

Table(
    "events",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("description_html", Text, nullable=False),
    Column("starts_at", INSTANT, nullable=False),
    Column("ends_at", INSTANT),
    Column("over_at", INSTANT, nullable=False),  # end, or the start and two hours
    Column("timezone", Text, nullable=False),
    Column("place_id", ForeignKey("places.id")),
    Column("online_url", Text),
    Column("rsvp", String(16), nullable=False),
    Column("external_url", Text),
    Column("capacity", Integer),
    Column("approval", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("cancel_reason", Text),
    Column("previous_starts_at", INSTANT),
    Column("visibility", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("published_at", INSTANT),
    Column("updated_at", INSTANT),
    Column("deleted_at", INSTANT),
    Column("revision", Integer, nullable=False),
    Index("ix_events_over_at", "over_at"),
    Index("ix_events_actor_id_published_at", "actor_id", "published_at"),
)

Table(
    "posts",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("title", Text),
    Column("source", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("in_reply_to", Text),
    Column("published_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT),
    Column("deleted_at", INSTANT),
    Column("revision", Integer, nullable=False),
    Index("ix_posts_actor_id_published_at", "actor_id", "published_at"),
    Index("ix_posts_in_reply_to", "in_reply_to"),
)

Table(
    "attachments",
    METADATA,
    Column("owner_id", String(36), primary_key=True),  # an event or a post
    Column("position", Integer, primary_key=True),
    Column("media_id", ForeignKey("media.id"), nullable=False),
)

Table(
    "tags",
    METADATA,
    Column("owner_id", String(36), primary_key=True),  # an event or a post
    Column("folded", Text, primary_key=True),  # case-folded, for finding
    Column("name", Text, nullable=False),  # as written
    Column("position", Integer, nullable=False),
    Index("ix_tags_folded", "folded"),
)

Table(
    "mentions",
    METADATA,
    Column("owner_id", String(36), primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("handle", Text, nullable=False),
)

Table(
    "boosts",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("object_uri", Text, nullable=False),
    Column("author_uri", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("undone_at", INSTANT),
    Index("ix_boosts_actor_id_object_uri", "actor_id", "object_uri"),
)

Table(
    "tombstones",
    METADATA,
    Column("uri", Text, primary_key=True),
    Column("former_type", Text),
    Column("at", INSTANT, nullable=False),
    Column("ours", Boolean, nullable=False),
)

Table(
    "replies",
    METADATA,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", Text, nullable=False, index=True),
    Column("in_reply_to", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("language", String(35)),
    Column("url", Text, nullable=False),
    Column("unlisted", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("published_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT),
    Column("received_at", INSTANT, nullable=False),
    Index("ix_replies_root_published_at", "root", "published_at"),
)

Table(
    "messages",
    METADATA,
    Column("uri", Text, primary_key=True),
    Column("actor_uri", Text, nullable=False, index=True),
    Column("in_reply_to", Text),
    Column("html", Text, nullable=False),
    Column("published_at", INSTANT, nullable=False),
    Column("received_at", INSTANT, nullable=False),
)

Table(
    "reactions",
    METADATA,
    Column("kind", String(16), primary_key=True),  # like | boost
    Column("actor_uri", Text, primary_key=True),
    Column("object_uri", Text, primary_key=True),
    Column("activity_id", Text, index=True),
    Column("at", INSTANT, nullable=False),
    Index("ix_reactions_object_uri_kind", "object_uri", "kind"),
)

Table(
    "reports",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("reporter", Text, nullable=False),
    Column("objects", JSON, nullable=False),
    Column("comment", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),  # host and objects: one each
    Column("at", INSTANT, nullable=False),
    Column("closed_at", INSTANT),
)

Table(
    "quotes",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("quote_uri", Text, nullable=False, unique=True),
    Column("target_uri", Text, nullable=False),
    Column("actor_uri", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("revoked_at", INSTANT),
)
