"""What Alembic runs for every step: on the connection, and in the transaction, it is handed.

`fedi_chapter.store.alembic_run` opens both, under a lock, and calls this. Nothing here or
in the steps imports the package: an old step must still run when the package has moved on.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,  # SQLite alters a table by making it anew
    transaction_per_migration=False,  # all steps or none
)
with context.begin_transaction():
    context.run_migrations()
