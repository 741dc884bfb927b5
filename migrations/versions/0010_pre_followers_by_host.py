"""Followers by host, so that a rush of one host is counted without looking at each actor.

Forward only.
"""

from alembic import op
from sqlalchemy import Column, Text, text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FILL = text(
    "UPDATE followers SET host ="
    " (SELECT host FROM remote_actors WHERE remote_actors.uri = followers.uri)"
)


def upgrade() -> None:
    op.add_column("followers", Column("host", Text, nullable=False, server_default=""))
    op.execute(_FILL)
    op.drop_index("ix_followers_since", table_name="followers")
    op.create_index("ix_followers_state_since", "followers", ["state", "since"])
    op.create_index("ix_followers_host_state_since", "followers", ["host", "state", "since"])
