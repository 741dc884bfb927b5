"""`sample`: fill an empty chapter with events, posts and a picture, to look around in."""

import asyncio
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from fedi_chapter.cli.frame import (
    Setup,
    Verb,
    chapter_of,
    check_schema,
    note,
    own_name,
    pass_setup,
)
from fedi_chapter.cli.init import found, founding_of, is_founded
from fedi_chapter.core.errors import Conflict
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.urls import Urls
from fedi_chapter.media import images
from fedi_chapter.opening import open_deps
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.services.organizers import invite
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.services.posts import PostFields, create_post
from fedi_chapter.settings import FILE_NAME, Settings
from fedi_chapter.store import events, posts
from fedi_chapter.store.tx import ReadTx, WriteTx

POSTER = Path(images.__file__).with_name("poster.py")
ALT = "A drawn poster: a low sun over green hills, and a row of people standing together."
FOUNDING = {
    "domain": "localhost",
    "handle": "riverside",
    "name": "Riverside Neighbours",
    "base_url": "http://localhost:8000",
    "place": "Riverside, Atlanta",
    "lat": 33.81,
    "lon": -84.47,
    "radius_km": 8.0,
    "timezone": "America/New_York",
    "language": "en",
    "summary": "We meet, plant, repair and look after each other along the river. "
    "*Newcomers are welcome at everything we do.*",
    "organizer": "Sam",
    "email": None,
}
SUPPER = (3, 18, 30, 2, "Neighbours' supper", "Bring a dish, or just yourself. #potluck")
WALK = (9, 10, 0, 3, "River walk and clean-up", "Gloves and bags are there. #cleanup #river")
REPAIR = (16, 14, 0, 4, "Repair café", "Bikes, lamps, trousers: we mend them together. #repair")
SEATS = {SUPPER[4]: 40, REPAIR[4]: 24}
HALL = PlaceFields("Riverside Hall", "12 Mill Lane, Atlanta", 33.8105, -84.4702)
LANDING = PlaceFields("The old landing", "Foot of Ferry Road, Atlanta", 33.8131, -84.4755)
WELCOME = (
    "**Hello, neighbours!** This is our new home on the open social web. "
    "Follow us from Mastodon or any other server, and our events come to you. #riverside"
)
THANKS = (
    "Forty-one of you came to the seed swap. Thank you! Here is the poster for what comes next."
)


@click.command(cls=Verb)
@pass_setup
def sample(setup: Setup) -> None:
    """Fill an empty chapter, to look around in.

    It gets sample events, posts and a picture. Where there is no chapter, a local one is made.
    """
    # A chapter at http://localhost is only ever one to look around in.
    settings = setup.settings().model_copy(update={"danger_allow_private_network": True})
    if not is_founded(settings):
        note("making a local sample chapter …")
        _allow_this_machine(settings)
        here = settings.base_url or FOUNDING["base_url"]
        found(settings, founding_of(settings, {**FOUNDING, "base_url": here}))
    check_schema(settings)
    _check_local(settings)
    urls, filled, token = asyncio.run(_fill(settings))
    urls = replace(urls, base=settings.base_url or urls.base)
    sign_in = urls.sign_in(token)
    setup.tell(
        {"base_url": urls.base, "filled": filled, "sign_in_url": sign_in},
        f"The sample chapter is in {settings.data}. Once it runs, open:",
        f"  {urls.base}/               its home",
        f"  {urls.base}/calendar.ics   its calendar",
        f"  {sign_in}   its organizers' desk (works once)",
        "and try:",
        f'  {own_name()} post create "Hello #world" --data {settings.data}',
    )


def _check_local(settings: Settings) -> None:
    """Keep sample events out of a chapter that people know."""
    base_url = asyncio.run(_base_url(settings))
    if urlsplit(base_url).hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise Conflict(
            f"the chapter in {settings.data} is a real one, at {base_url}",
            cure="give another --data for the sample chapter",
        )


async def _base_url(settings: Settings) -> str:
    async with open_deps(settings) as deps:
        return deps.urls.base


def _allow_this_machine(settings: Settings) -> None:
    """Let every later command on this data folder use http on this machine."""
    settings.data.mkdir(parents=True, exist_ok=True)
    file = settings.data / FILE_NAME
    if not file.exists():
        file.write_text(
            "# A chapter to look around in, on this machine only: never set this for a real one.\n"
            "danger_allow_private_network = true\n",
            encoding="utf-8",
        )


async def _fill(settings: Settings) -> tuple[Urls, bool, str]:
    """Return the addresses, whether the chapter was empty, and the token of a sign-in link."""
    async with open_deps(settings) as deps:
        empty = await deps.db.read(_is_empty)
        if empty:
            poster = _poster(deps)
            await deps.db.write(lambda tx: _write(tx, deps.urls, poster))
        return deps.urls, empty, await deps.db.write(_sign_in)


def _sign_in(tx: WriteTx) -> str:
    return invite(tx, str(FOUNDING["organizer"]), Role.OWNER)[1]


def _is_empty(tx: ReadTx) -> bool:
    chapter = chapter_of(tx)
    return not [*events.listing(tx, chapter.id)] and not [*posts.listing(tx, chapter.id)]


def _poster(deps: Deps) -> Media:
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "poster.png"
        subprocess.run([sys.executable, "-I", str(POSTER), str(drawing)], check=True)  # noqa: S603 — our own program
        settings = deps.settings
        return images.store(
            *(drawing, ALT, settings.media_dir),
            quota=settings.media_quota,
            ids=deps.ids,
            now=deps.clock.now(),
        )


def _write(tx: WriteTx, urls: Urls, poster: Media) -> None:
    chapter = chapter_of(tx)
    create_post(tx, chapter, PostFields(text=WELCOME, title="We are here"), urls)
    create_post(tx, chapter, PostFields(text=THANKS, images=(poster,)), urls)
    for words, place in ((SUPPER, HALL), (WALK, LANDING), (REPAIR, HALL)):
        create_event(tx, chapter, _event(tx.now, chapter, words, place), urls)


def _event(
    now: datetime,
    chapter: LocalActor,
    words: tuple[int, int, int, int, str, str],
    place: PlaceFields,
) -> EventFields:
    days, hour, minute, length, name, description = words
    day = (now + timedelta(days=days)).astimezone(ZoneInfo(chapter.timezone)).date()
    return EventFields(
        name=name,
        start=f"{day}T{hour:02}:{minute:02}",
        end=f"{day}T{hour + length:02}:{minute:02}",
        place=place,
        description=description,
        capacity=SEATS.get(name),
    )
