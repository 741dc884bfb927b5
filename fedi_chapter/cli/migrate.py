"""`migrate`: bring the database's schema to the form this program knows."""

import click

from fedi_chapter.cli.frame import Setup, Verb, pass_setup
from fedi_chapter.core.errors import DatabaseUnusable
from fedi_chapter.store import migrate as schema


@click.command(cls=Verb)
@click.option("--check", is_flag=True, help="Only tell what would be done.")
@pass_setup
def migrate(setup: Setup, *, check: bool) -> None:
    """Bring the database's schema up to date."""
    settings = setup.settings()
    before, after = schema.current(settings.database), schema.head()
    if before is None:
        raise DatabaseUnusable(
            f"there is no chapter in {settings.data}", cure="make one: fedi-chapter init"
        )
    if check:
        schema.refuse_newer(before)
        verb = "would migrate"
    else:
        before, after = schema.upgrade(settings.database)
        verb = "migrated"
    changed = f"{verb} from {before} to {after}"
    setup.tell(
        {"from": before, "to": after},
        f"the schema is up to date: {after}" if before == after else changed,
    )
