"""Online links that only those who go are told, apart from what everyone may see.

What events that keep their place, or ask for approval, said of theirs so far moves there.
Declares its tables itself and imports nothing from the package. Forward only.
"""

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKey, String, Text, column, false, or_, select, table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_EVENTS = table(
    "events",
    column("id"),
    column("online_url"),
    column("place_shown"),
    column("approval", Boolean),
    column("deleted_at"),
    column("link_kept", Boolean),
)
_KEPT = (
    _EVENTS.c.online_url.is_not(None),
    _EVENTS.c.deleted_at.is_(None),
    or_(_EVENTS.c.place_shown == "going", _EVENTS.c.approval),
)


def upgrade() -> None:
    op.add_column("events", Column("link_kept", Boolean, nullable=False, server_default=false()))
    links = op.create_table(
        "private_links",
        Column(
            "event_id",
            String(36),
            ForeignKey("events.id", name="fk_private_links_event_id_events"),
            primary_key=True,
        ),
        Column("url", Text, nullable=False),
    )
    kept = select(_EVENTS.c.id, _EVENTS.c.online_url).where(*_KEPT)
    op.execute(links.insert().from_select(["event_id", "url"], kept))
    op.execute(_EVENTS.update().where(*_KEPT).values(link_kept=True, online_url=None))
