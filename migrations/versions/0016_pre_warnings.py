"""A post of ours may have a content warning. Forward only."""

from alembic import op
from sqlalchemy import Column, Text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", Column("warning", Text))
