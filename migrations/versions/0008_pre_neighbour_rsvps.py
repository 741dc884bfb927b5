"""Our RSVPs to events of others, and how those take them.

Declares its tables itself and imports nothing from the package. Forward only.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    MetaData,
    String,
    Table,
    Text,
)

revision = "0008"
down_revision = "0007"
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
    op.add_column("neighbour_events", Column("join_mode", String(16)))
    op.add_column("neighbour_events", Column("sign_up_url", Text))
    op.execute("UPDATE neighbour_events SET join_mode = 'free' WHERE takes_rsvp")
    op.drop_column("neighbour_events", "takes_rsvp")
    METADATA.create_all(op.get_bind())


Table("local_actors", METADATA, Column("id", String(36), primary_key=True))  # of step 0001
Table("neighbour_events", METADATA, Column("uri", Text, primary_key=True))  # of step 0002

Table(
    "attendances",
    METADATA,
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
    Column("said_at", INSTANT, nullable=False),
    Column("answered_at", INSTANT),
)
