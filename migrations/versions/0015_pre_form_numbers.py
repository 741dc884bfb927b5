"""Which form an answer was sent with, until its page was opened.

Answers from before this step carry no number, as all whose page was opened. Forward only.
"""

from alembic import op
from sqlalchemy import Column, String, text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_IS_OPEN = text("form_number IS NOT NULL")


def upgrade() -> None:
    op.add_column("rsvps", Column("form_number", String(64)))
    op.create_index(
        "ix_rsvps_form_number",
        "rsvps",
        ["form_number"],
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
