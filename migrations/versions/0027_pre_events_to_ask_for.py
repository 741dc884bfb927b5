"""Neighbours' events whose page is asked again for what they came without. Forward only."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Text

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unfilled_events",
        Column(
            "uri",
            Text,
            ForeignKey(
                "neighbour_events.uri",
                name="fk_unfilled_events_uri_neighbour_events",
                ondelete="CASCADE",
            ),
            primary_key=True,
        ),
        Column("host", Text, nullable=False),
        Column("since", BigInteger, nullable=False),
        Column("due", BigInteger, nullable=False),
    )
    op.create_index("ix_unfilled_events_due", "unfilled_events", ["due"])
