"""Series: events that come again by a rule.

Declares its tables itself and imports nothing from the package. Forward only.
"""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

revision = "0005"
down_revision = "0004"
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
    op.add_column("events", Column("series_id", String(36)))
    op.add_column("events", Column("occurrence", String(19)))
    op.create_index(
        "ix_events_series_id_occurrence", "events", ["series_id", "occurrence"], unique=True
    )
    METADATA.create_all(op.get_bind())


for name in ("events", "local_actors"):
    Table(name, METADATA, Column("id", String(36), primary_key=True))  # of step 0001

Table(
    "series",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("actor_id", ForeignKey("local_actors.id"), nullable=False),
    Column("template_id", ForeignKey("events.id"), nullable=False),
    Column("rule", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("begins", String(19), nullable=False),  # local time in that zone
    Column("skipped", JSON, nullable=False),  # days, ISO 8601
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT),
    Column("revision", Integer, nullable=False),
)
