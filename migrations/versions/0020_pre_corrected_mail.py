"""Which mail address refuses our mail, and how often one was corrected. Forward only."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rsvps", Column("email_refused_at", BigInteger))
    op.add_column("rsvps", Column("email_turn", Integer, nullable=False, server_default="1"))
