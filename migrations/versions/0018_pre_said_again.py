"""What came in is known again by what was said and when it was signed, not by its id alone.

Besides: whose turn it is at a host, and what does not hold up its actor's later activities; what
was taken back; how many were dropped; the thread of a deleted reply; when a message was edited.
Forward only. What came in before keeps its id as its digest, and counts as signed when it came.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, MetaData, String, Table, Text, false, text

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_WAITING = text("state = 'waiting'")
INSTANT = BigInteger()  # microseconds since 1970 in UTC
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=NAMES)
_FILLED = {"digest": Text(), "signed_at": INSTANT, "place": INSTANT, "proved": Boolean()}
_FILL = text(
    "UPDATE inbox SET digest = activity_id, signed_at = received_at, place = due,"
    " proved = (activity_id NOT LIKE 'unproved:%')"
)
_MOVE = (
    text(
        "INSERT INTO undone (mark, until, is_open, at)"
        " SELECT substr(uri, 8), at, true, at FROM tombstones WHERE uri LIKE 'undone:%'"
    ),
    text("DELETE FROM tombstones WHERE uri LIKE 'undone:%'"),
)


def upgrade() -> None:
    for name, kind in _FILLED.items():
        op.add_column("inbox", Column(name, kind))
    op.add_column("inbox", Column("stands_aside", Boolean, nullable=False, server_default=false()))
    op.execute(_FILL)
    op.drop_index("ix_inbox_waiting", table_name="inbox")
    with op.batch_alter_table("inbox", naming_convention=NAMES) as table:
        table.drop_constraint("uq_inbox_activity_id", type_="unique")
        for name, kind in _FILLED.items():
            table.alter_column(name, existing_type=kind, nullable=False)
    op.create_index("uq_inbox_digest_signed_at", "inbox", ["digest", "signed_at"], unique=True)
    _index("ix_inbox_waiting", "host", "place", "id")
    _index("ix_inbox_waiting_of_actor", "actor_uri", "id")
    op.add_column("messages", Column("updated_at", INSTANT))
    METADATA.create_all(op.get_bind())
    for statement in _MOVE:
        op.execute(statement)


def _index(name: str, *columns: str) -> None:
    op.create_index(name, "inbox", list(columns), sqlite_where=_WAITING, postgresql_where=_WAITING)


Table(
    "undone",
    METADATA,
    Column("mark", String(64), primary_key=True),
    Column("until", INSTANT, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("at", INSTANT, nullable=False, index=True),
)
Table(
    "deleted_replies",
    METADATA,
    Column("reply", Text, primary_key=True),
    Column("root", Text, nullable=False),
    Column("at", INSTANT, nullable=False, index=True),
)
Table(
    "dropped",
    METADATA,
    Column("reason", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
