"""Hashtags and a link to the picture of neighbours' events. Forward only."""

from alembic import op
from sqlalchemy import JSON, Column, Text

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("neighbour_events", Column("tags", JSON, nullable=False, server_default="[]"))
    op.add_column("neighbour_events", Column("picture_url", Text))
    op.add_column(
        "neighbour_events", Column("picture_alt", Text, nullable=False, server_default="")
    )
