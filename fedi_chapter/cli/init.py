"""`init`: make a data folder with database, keys, chapter and first organizer."""

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from fedi_chapter.cli.frame import Setup, Verb, no_chapter, note, own_name, pass_setup
from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.errors import AlreadyDone, DatabaseUnusable, FormInvalid, UnsafeAddress
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.core.names import ascii_host
from fedi_chapter.domain.urls import Urls
from fedi_chapter.net.guard import Guard
from fedi_chapter.services import chapters
from fedi_chapter.services.chapters import Founding, NewKey, ProfileFields
from fedi_chapter.settings import Settings, keep_database, origin_of
from fedi_chapter.sig.keys import (
    KeyRing,
    make_ed25519,
    make_master_key,
    make_rsa,
    public_pem,
    read_master_key,
)
from fedi_chapter.store import instance, migrate
from fedi_chapter.store.engine import open_database

_PORT = re.compile(r":[0-9]+$")

EXAMPLE = """\b
Example:
  fedi-chapter init --domain chapter.example.org --handle riverside \\
    --name "Riverside Neighbours" --timezone America/New_York
"""


@dataclass(frozen=True, slots=True)
class Founded:
    """What `init` has to tell."""

    actor: str
    handle: str
    base_url: str
    sign_in_url: str


@click.command(cls=Verb, epilog=EXAMPLE)
@click.option("--domain", help="What stands behind the @ of the handle, such as example.org.")
@click.option("--handle", help="The chapter's name in its handle: a–z, 0–9 and _.")
@click.option("--name", help="The chapter's name for people.")
@click.option("--base-url", help="Public origin (default: https:// and the domain).")
@click.option("--place", help="The area the chapter serves, in words.")
@click.option("--lat", type=float, help="Latitude of its centre, in degrees.")
@click.option("--lon", type=float, help="Longitude of its centre, in degrees.")
@click.option("--radius-km", type=float, help="How far it reaches.")
@click.option("--timezone", help="IANA time zone, such as America/New_York (default: UTC).")
@click.option("--language", help="Language of its texts, such as en (the default).")
@click.option("--summary", help="What the chapter is, in Markdown.")
@click.option("--organizer", default="Organizer", help="Name of the first organizer.")
@click.option("--email", help="Public mail address of the chapter.")
@pass_setup
def init(setup: Setup, /, **words: Any) -> None:
    """Make a new chapter in the data folder."""
    settings = setup.settings()
    refuse_second(settings)
    for missing, question in (
        ("domain", "Domain (what stands behind the @)"),
        ("handle", "Handle (what stands before it)"),
        ("name", "Name of the chapter"),
    ):
        words[missing] = words[missing] or _asked(missing, question)
    founded = found(settings, founding_of(settings, words))
    setup.tell(
        {
            "actor": founded.actor,
            "handle": founded.handle,
            "base_url": founded.base_url,
            "sign_in_url": founded.sign_in_url,
        },
        f"{words['name']} is founded: {founded.handle}",
        f"  address   {founded.base_url}/",
        f"  sign in   {founded.sign_in_url}   (works once)",
        f"Start it with: {own_name()} run{f' --data {setup.data}' if setup.data else ''}",
    )


def refuse_second(settings: Settings) -> None:
    """Refuse to found a chapter where there is one.

    Raises:
        AlreadyDone: there is one.
        DatabaseUnusable: there is the key of one, whose database is not the one named.

    """
    if is_founded(settings):
        raise AlreadyDone(
            f"there is a chapter in {settings.data} already",
            cure="give another --data for another chapter; `profile edit` changes this one",
        )


def is_founded(settings: Settings) -> bool:
    """Tell whether there is a chapter in the data folder's database."""
    if migrate.current(settings.database) is None:
        if settings.secret_file.exists():  # `init` makes the schema first: the key is of another
            raise no_chapter(settings)
        return False
    migrate.upgrade(settings.database)
    return asyncio.run(_has_instance(settings))


def founding_of(settings: Settings, words: dict[str, Any]) -> Founding:
    """Judge the names a chapter is to have.

    Raises:
        FormInvalid: a domain or an address that can't be used, with the cure.

    """
    domain = domain_of(words["domain"])
    written = words["base_url"] or settings.base_url
    base_url = base_of(written or f"https://{domain}{_port_in(words['domain'])}", domain, settings)
    parts = urlsplit(base_url)
    if parts.hostname == domain and parts.port is not None:
        domain = f"{domain}:{parts.port}"
    profile = {
        field: words.get(field)
        for field in (
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
    }
    return Founding(
        domain=domain,
        base_url=base_url,
        handle=words["handle"],
        profile=ProfileFields(**profile),
        organizer=words.get("organizer") or "Organizer",
    )


def found(settings: Settings, founding: Founding) -> Founded:
    """Make data folder, schema, keys and chapter.

    Raises:
        AlreadyDone, FormInvalid: as the service says.
        DatabaseUnusable: the data folder can't be written.

    """
    chapters.handle_of(founding.handle)  # before anything is written
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.media_dir.mkdir(mode=0o750, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(
            f"the data folder {settings.data} can't be made: {error.strerror}",
            cure="choose a folder you may write to, with --data",
        ) from error
    keep_database(settings)
    migrate.upgrade(settings.database)
    master = _master_key(settings.secret_file)
    note("making keys …")
    ring = KeyRing(master)
    keys = tuple(_new_pair(ring) for _ in ("chapter", "instance"))
    return asyncio.run(_found(settings, founding, keys))


def domain_of(text: str) -> str:
    """Return a domain in its ASCII form, lower case; a port and a scheme are left out.

    Raises:
        FormInvalid: it is not a domain.

    """
    word = text.strip().lower().rstrip(".").removeprefix("https://").removeprefix("http://")
    word = word.rstrip("/").rpartition("@")[2].partition(":")[0]
    name = ascii_host(word)
    if name is None:
        raise FormInvalid(f"{text!r} is not a domain", cure="give one such as chapter.example.org")
    return name


def _port_in(domain: str) -> str:
    """Return the port somebody wrote behind a domain, with its colon: it belongs to the address."""
    found = _PORT.search(domain.strip().rstrip("/"))
    return found[0] if found else ""


def base_of(text: str | None, domain: str, settings: Settings) -> str:
    """Return the public origin.

    Raises:
        FormInvalid: it is not an origin, or http without the switch that permits it.

    """
    try:
        origin = origin_of(text or f"https://{domain}")
    except ValueError as error:
        raise FormInvalid(
            f"{text!r} is not an origin", cure="give one such as https://chapter.example.org"
        ) from error
    if not settings.danger_allow_private_network:
        _judge(origin)
        _judge(f"https://{domain}")
    return origin


def _judge(origin: str) -> None:
    """Refuse an address that no other server will ever talk to: ids can't be changed later.

    Raises:
        FormInvalid: it is not https, has a port, or is a private or local name.

    """
    try:
        Guard(allow_private=False).judge(f"{origin}/")
    except UnsafeAddress as error:
        raise FormInvalid(
            f"no other server could ever talk to {origin}: {error.message}",
            cure="use a public name, with https and without a port; for tests on one machine set "
            "FEDI_CHAPTER_DANGER_ALLOW_PRIVATE_NETWORK=1",
        ) from error


def _asked(name: str, question: str) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(f"Missing option '--{name}'.")
    answer: str = click.prompt(question, err=True)
    return answer


def _master_key(path: Path) -> bytes:
    # A key without a chapter is what an interrupted `init` leaves behind.
    return read_master_key(path) if path.exists() else make_master_key(path)


def _new_pair(ring: KeyRing) -> tuple[NewKey, ...]:
    rsa, ed25519 = make_rsa(), make_ed25519()
    return (
        NewKey("rsa", ring.seal(rsa), public_pem(rsa)),
        NewKey("ed25519", ring.seal(ed25519), public_pem(ed25519)),
    )


async def _has_instance(settings: Settings) -> bool:
    db = open_database(settings.database, clock=SystemClock(), ids=RandomIds())
    try:
        return await db.read(lambda tx: instance.get(tx) is not None)
    finally:
        await db.close()


async def _found(
    settings: Settings, founding: Founding, keys: tuple[tuple[NewKey, ...], ...]
) -> Founded:
    urls = Urls(founding.base_url, founding.domain)
    db = open_database(settings.database, clock=SystemClock(), ids=RandomIds())
    try:
        chapter, token = await db.write(lambda tx: chapters.found(tx, founding, keys[0], keys[1]))
    finally:
        await db.close()
    return Founded(
        actor=urls.actor(chapter),
        handle=f"@{urls.handle(chapter)}",
        base_url=urls.base,
        sign_in_url=urls.sign_in(token),
    )
