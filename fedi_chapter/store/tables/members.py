"""People who signed in with their account elsewhere, and how; of tokens only hashes."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, Text

from fedi_chapter.store.tables.base import Instant, metadata

oauth_apps = Table(
    "oauth_apps",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),  # sealed with the master key file
    Column("redirect_uri", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("authorize_url", Text, nullable=False),
    Column("token_url", Text, nullable=False),
    Column("revoke_url", Text, nullable=False),
    Column("userinfo_url", Text),
    Column("checked_at", Instant, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("next_path", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

member_sessions = Table(
    "member_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("actor_uri", ForeignKey("remote_actors.uri"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    Column("actor_uri", ForeignKey("remote_actors.uri"), primary_key=True),
    Column("turn", BigInteger, nullable=False),  # a feed's address carries it and dies with it
)
