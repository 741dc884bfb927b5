"""`migrate`: bring the database's schema to the form this program knows."""

import click

from fedi_chapter.cli.frame import Setup, Verb, pass_setup, schema_of
from fedi_chapter.store import migrate as schema


@click.command(cls=Verb)
@click.option("--check", is_flag=True, help="Only tell what would be done.")
@pass_setup
def migrate(setup: Setup, *, check: bool) -> None:
    """Bring the database's schema up to date."""
    settings = setup.settings()
    found, after = schema_of(settings), schema.head()
    if check:
        schema.refuse_newer(found)
        before, verb = found, "would migrate"
    else:
        upgraded, after = schema.upgrade(settings.database)
        before, verb = upgraded or found, "migrated"
    changed = f"{verb} from {before} to {after}"
    setup.tell(
        {"from": before, "to": after},
        f"the schema is up to date: {after}" if before == after else changed,
    )
