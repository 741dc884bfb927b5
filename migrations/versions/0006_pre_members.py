"""Members: sign-in with an account elsewhere, its sessions, and feeds of one's own RSVPs.

Declares its tables itself and imports nothing from the package. Forward only.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, MetaData, String, Table, Text

revision = "0006"
down_revision = "0005"
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


def upgrade() -> None:
    METADATA.create_all(op.get_bind())


Table("remote_actors", METADATA, Column("uri", Text, primary_key=True))  # of step 0002

Table(
    "oauth_apps",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),  # sealed with the master key file
    Column("redirect_uri", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("authorize_url", Text, nullable=False),
    Column("token_url", Text, nullable=False),
    Column("revoke_url", Text, nullable=False),
    Column("userinfo_url", Text),
    Column("checked_at", INSTANT, nullable=False),
)

Table(
    "sign_ins",
    METADATA,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("next_path", Text, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
)

Table(
    "member_sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("actor_uri", ForeignKey("remote_actors.uri"), nullable=False, index=True),
    Column("created_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT, nullable=False),
)

Table(
    "calendar_feeds",
    METADATA,
    Column("actor_uri", ForeignKey("remote_actors.uri"), primary_key=True),
    Column("turn", BigInteger, nullable=False),  # a feed's address carries it and dies with it
)
