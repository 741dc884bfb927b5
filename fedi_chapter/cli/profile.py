"""`profile`: what the chapter says about itself."""

from pathlib import Path
from typing import Any

import click

from fedi_chapter.cli.frame import Noun, Setup, ask, chapter_of, pass_setup
from fedi_chapter.cli.words import check_something, take_images, text_from
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.chapters import ProfileFields, edit_profile
from fedi_chapter.store.tx import WriteTx

_WORDS = (
    "name",
    "summary",
    "place",
    "lat",
    "lon",
    "radius_km",
    "timezone",
    "language",
    "email",
)


@click.group(cls=Noun)
def profile() -> None:
    """What the chapter says about itself."""


@profile.command("edit")
@click.option("--name", help="Name for people.")
@click.option("--summary", help="What the chapter is, in Markdown; - reads standard input.")
@click.option("--place", help="The area it serves; empty takes it away.")
@click.option("--lat", type=float, help="Latitude of its centre, in degrees.")
@click.option("--lon", type=float, help="Longitude of its centre, in degrees.")
@click.option("--radius-km", type=float, help="How far it reaches.")
@click.option("--timezone", help="IANA time zone.")
@click.option("--language", help="Language of its texts.")
@click.option("--email", help="Public mail address; empty takes it away.")
@click.option("--icon", type=click.Path(path_type=Path), help="A square picture.")
@click.option("--icon-alt", default="", help="What the icon shows.")
@click.option("--header", type=click.Path(path_type=Path), help="A wide picture.")
@click.option("--header-alt", default="", help="What the header shows.")
@pass_setup
def edit(setup: Setup, /, **words: Any) -> None:
    """Change the profile. What is not named stays as it is."""
    check_something(words, but=("icon_alt", "header_alt"))
    words["summary"] = text_from(words["summary"])

    async def work(deps: Deps) -> tuple[LocalActor, Urls]:
        fields = ProfileFields(
            **{word: words[word] for word in _WORDS},
            icon=_picture(deps, words["icon"], words["icon_alt"]),
            header=_picture(deps, words["header"], words["header_alt"]),
        )

        def write(tx: WriteTx) -> LocalActor:
            return edit_profile(tx, chapter_of(tx), fields, deps.urls)

        return await deps.db.write(write), deps.urls

    actor, urls = ask(setup, work)
    setup.tell(
        {"actor": urls.actor(actor), "handle": f"@{urls.handle(actor)}", "name": actor.name},
        f"changed: {urls.actor_page(actor)}",
    )


def _picture(deps: Deps, file: Path | None, alt: str) -> Media | None:
    taken = take_images(deps, (file,), (alt,)) if file else None
    return taken[0] if taken else None
