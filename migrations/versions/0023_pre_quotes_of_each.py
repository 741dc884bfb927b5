"""A consent to quote for each actor: nobody uses up that of another on their host.

Forward only.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_NAMES = {"uq": "uq_%(table_name)s_%(column_0_N_name)s"}


def upgrade() -> None:
    with op.batch_alter_table("quotes", naming_convention=_NAMES) as table:
        table.drop_constraint("uq_quotes_quote_uri", type_="unique")
    op.create_index(
        "uq_quotes_quote_uri_actor_uri", "quotes", ["quote_uri", "actor_uri"], unique=True
    )
