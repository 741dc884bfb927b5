"""The chapter itself: found it, describe it, give it a new key.

Called by the command line and the organizers' pages, inside their transaction. Keys are made
and sealed by the caller: nothing here touches a private one.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from fedi_chapter.core.errors import AlreadyDone, Conflict, FormInvalid
from fedi_chapter.core.markdown import render
from fedi_chapter.core.names import ascii_mail_address
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.chapter import (
    INSTANCE_HANDLE,
    ActorId,
    ActorKind,
    Instance,
    LocalActor,
    StoredKey,
)
from fedi_chapter.domain.happening import ActorChanged, KeyRotated
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.place import Area
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import organizers
from fedi_chapter.services.checks import known_zone, language_tag, name_line, text_of
from fedi_chapter.services.places import point_of
from fedi_chapter.store import instance, local_actors, local_keys, media, outbox
from fedi_chapter.store.tx import WriteTx

SIGN_IN_LINK = timedelta(days=7)
"""How long the first organizer's link works."""
LONGEST_NAME = 100
FRAGMENTS: dict[str, str] = {"rsa": "main-key", "ed25519": "ed25519-key"}
_HANDLE = re.compile(r"[a-z0-9_]{1,30}")
_EMAIL = re.compile(r"[^\s@<>,;\"\\]{1,64}@[^\s@<>,;\"\\]{3,255}")
EARTH_KM = 20_038
"""Half of the equator: no circle is larger."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key pair: the private half sealed, the public half as PEM."""

    kind: Literal["rsa", "ed25519"]
    private_sealed: bytes
    public_pem: str


@dataclass(frozen=True, slots=True)
class ProfileFields:
    """What a chapter says about itself. None leaves a field as it is; "" empties it."""

    name: str | None = None
    summary: str | None = None
    """Markdown."""
    place: str | None = None
    lat: float | None = None
    lon: float | None = None
    radius_km: float | None = None
    timezone: str | None = None
    language: str | None = None
    email: str | None = None
    icon: Media | None = None
    header: Media | None = None


@dataclass(frozen=True, slots=True)
class Founding:
    """Under which name a chapter begins, and who organizes it first."""

    domain: str
    base_url: str
    handle: str
    profile: ProfileFields
    organizer: str = "Organizer"


def found(
    tx: WriteTx,
    founding: Founding,
    chapter_keys: tuple[NewKey, ...],
    instance_keys: tuple[NewKey, ...],
) -> tuple[LocalActor, str]:
    """Found this instance; return its chapter and the first organizer's one-use token.

    Raises:
        AlreadyDone: there is a chapter in this database.
        FormInvalid: a field is missing or wrong.

    """
    if instance.get(tx) is not None:
        raise AlreadyDone(
            "there is a chapter here already", cure="give another --data for another chapter"
        )
    urls = Urls(founding.base_url, founding.domain)
    if not founding.profile.name:
        raise FormInvalid("a chapter needs a name", cure="give --name")
    chapter = _blank(tx, ActorKind.CHAPTER, handle_of(founding.handle), founding.profile.name)
    chapter = _apply(chapter, founding.profile, urls)
    server = _blank(tx, ActorKind.INSTANCE, INSTANCE_HANDLE, chapter.name)
    server = replace(server, language=chapter.language, timezone=chapter.timezone)
    instance.insert(tx, Instance(founding.domain, founding.base_url, tx.now))
    for actor, keys in ((chapter, chapter_keys), (server, instance_keys)):
        local_actors.insert(tx, actor)
        for key in keys:
            _insert_key(tx, actor.id, key, FRAGMENTS[key.kind])
    organizer = one_line(founding.organizer, LONGEST_NAME) or "Organizer"
    _, token = organizers.invite(tx, organizer, Role.OWNER, lasts=SIGN_IN_LINK)
    return chapter, token


def edit_profile(tx: WriteTx, actor: LocalActor, fields: ProfileFields, urls: Urls) -> LocalActor:
    """Change what an actor says about itself; announced when anything did change.

    Raises:
        FormInvalid: a field is wrong.

    """
    actor = local_actors.lock(tx, actor.id)
    changed = _apply(actor, fields, urls)
    if changed == actor:
        return actor
    for image in (fields.icon, fields.header):
        if image is not None:
            media.insert(tx, image)
    changed = replace(changed, updated_at=tx.now)
    local_actors.change(tx, changed)
    outbox.put(tx, ActorChanged(actor.id))
    return changed


def rotate_key(tx: WriteTx, actor: LocalActor, new: NewKey, urls: Urls) -> str:
    """Give an actor a new key and retire the one it had; return the new key's id.

    The news of it is signed with the old key, which others still know (security SIG-14).

    Raises:
        Conflict: the actor has no key of this kind.

    """
    local_actors.lock(tx, actor.id)
    old = local_keys.current(tx, actor.id, new.kind)
    if old is None:
        raise Conflict(f"{actor.handle} has no {new.kind} key to replace")
    fragment = _next_fragment(old.fragment, FRAGMENTS[new.kind])
    local_keys.retire(tx, actor.id, old.fragment)
    _insert_key(tx, actor.id, new, fragment)
    outbox.put(tx, KeyRotated(actor.id, urls.key(actor, old.fragment)))
    return urls.key(actor, fragment)


def handle_of(text: str) -> str:
    """Return a handle an actor may have.

    Raises:
        FormInvalid: it has other characters, is too long, or is reserved.

    """
    handle = text.removeprefix("@")
    if not _HANDLE.fullmatch(handle):
        raise FormInvalid(
            f"{text!r} can't be a handle", cure="use 1 to 30 of a–z, 0–9 and _, such as atlanta"
        )
    if handle == INSTANCE_HANDLE:
        raise FormInvalid(
            f"{handle!r} is the handle of the server itself", cure="choose another one"
        )
    return handle


def _blank(tx: WriteTx, kind: ActorKind, handle: str, name: str) -> LocalActor:
    return LocalActor(
        id=ActorId(tx.new_id()),
        kind=kind,
        handle=handle,
        name=name,
        created_at=tx.now,
        updated_at=tx.now,
    )


def _apply(old: LocalActor, fields: ProfileFields, urls: Urls) -> LocalActor:
    given = old.name if fields.name is None else fields.name
    name = name_line(given, LONGEST_NAME, "a chapter's name")
    summary = old.summary if fields.summary is None else text_of(fields.summary, "summary")
    if fields.timezone is not None:
        known_zone(fields.timezone)
    return replace(
        old,
        name=name,
        summary=summary,
        summary_html=render(summary, mentions={}, tag_url=urls.tag),
        language=old.language if fields.language is None else language_tag(fields.language),
        timezone=old.timezone if fields.timezone is None else fields.timezone,
        area=_area(old.area, fields),
        email=old.email if fields.email is None else _email(fields.email),
        icon=fields.icon or old.icon,
        header=fields.header or old.header,
    )


def _area(old: Area | None, fields: ProfileFields) -> Area | None:
    if fields.place == "":
        return None
    centre = point_of(fields.lat, fields.lon) or (old.centre if old else None)
    name = one_line(fields.place or (old.name if old else ""), LONGEST_NAME)
    radius = fields.radius_km if fields.radius_km is not None else old.radius_km if old else None
    if not name and (centre or radius is not None):
        raise FormInvalid("a position needs the name of the place", cure="give --place")
    if radius is not None and (centre is None or not 0 < radius <= EARTH_KM):
        raise FormInvalid(
            "a radius is more than 0 km and needs a position", cure="give --lat, --lon, --radius-km"
        )
    return Area(name, centre, radius) if name else None


def _email(text: str) -> str | None:
    if text and not _EMAIL.fullmatch(text):
        raise FormInvalid(f"{text!r} is not a mail address", cure="give one like us@example.org")
    return ascii_mail_address(text) or None


def _insert_key(tx: WriteTx, actor_id: ActorId, key: NewKey, fragment: str) -> None:
    local_keys.insert(
        tx,
        StoredKey(actor_id, key.kind, fragment, key.private_sealed, key.public_pem, tx.now),
    )


def _next_fragment(current: str, first: str) -> str:
    number = current.removeprefix(first).removeprefix("-") or "1"
    return f"{first}-{int(number) + 1}"
