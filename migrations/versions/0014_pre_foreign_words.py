"""Foreign words beside what is shown of them, with the rule that made it; and their hosts.

What was stored before has rule 0: the clock has it judged after the start. Forward only.
"""

from alembic import op
from sqlalchemy import Boolean, Column, Integer, Text, false, text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_HOST = (
    "UPDATE {table} SET host = COALESCE("
    "(SELECT host FROM remote_actors WHERE remote_actors.uri = {table}.actor_uri), '')"
)


def upgrade() -> None:
    for table in ("replies", "messages", "neighbour_posts"):
        op.add_column(table, Column("warning", Text))
        op.add_column(table, Column("attached", Text, nullable=False, server_default=""))
        op.add_column(table, Column("rule", Integer, nullable=False, server_default="0"))
        op.create_index(f"ix_{table}_rule", table, ["rule"])
    op.add_column("neighbour_posts", Column("excerpt", Text))
    for table in ("replies", "messages"):
        op.add_column(table, Column("body", Text))
        op.add_column(table, Column("is_cut", Boolean, nullable=False, server_default=false()))
        op.add_column(table, Column("host", Text, nullable=False, server_default=""))
        op.execute(text(_HOST.format(table=table)))
    op.create_index("ix_replies_host_state", "replies", ["host", "state"])
    op.create_index("ix_messages_host", "messages", ["host"])
    op.create_index("ix_quotes_actor_uri", "quotes", ["actor_uri"])
    op.drop_column("remote_actors", "summary_html")  # nobody reads it here
