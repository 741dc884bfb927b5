"""Actors: foreign ones read with their keys, our own written.

Called by `federation` and by `vocab.read`. What an actor may do is judged in
`federation.trust`; whether a key is a good key, in `sig.keys`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fedi_chapter.core.errors import BadDocument, SignatureInvalid
from fedi_chapter.core.html import escape
from fedi_chapter.core.text import unbracketed
from fedi_chapter.domain.chapter import ActorKind, LocalActor
from fedi_chapter.domain.place import Area
from fedi_chapter.domain.remote_actor import RemoteActor, RemoteKey
from fedi_chapter.domain.urls import Urls
from fedi_chapter.sig.keys import read_multikey, read_public_pem
from fedi_chapter.vocab.context import ACTOR, in_context, present
from fedi_chapter.vocab.pictures import write_picture
from fedi_chapter.vocab.shape import (
    Document,
    host_of,
    id_of,
    ids_of,
    line_of,
    link_of,
    mapping,
    mappings,
    only,
    same_host,
    text_of,
    type_of,
)
from fedi_chapter.vocab.terms import ACTOR_TYPES
from fedi_chapter.vocab.when import stamp

MOST_KEYS = 10
MOST_ALIASES = 50

_USERNAME = re.compile(r"[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*")


# -- reading -------------------------------------------------------------------------------


def read_actor(document: Document, *, requested: str) -> RemoteActor:
    """Return the actor that `document`, found at `requested`, describes.

    Where it says it moved to is not read: a Move counts, once its target agrees (OBJ-12).

    Raises:
        BadDocument: it is no actor, or not the one asked for, or its inbox lies on another
            host (OBJ-14), or its name is none that can stand in a handle (OBJ-17).

    """
    uri = id_of(document)
    if uri is None or uri != requested:
        raise BadDocument(f"the document at {requested} has another id")
    kind = type_of(document, ACTOR_TYPES)
    if kind is None:
        raise BadDocument(f"{uri} is not an actor")
    username = document.get("preferredUsername")
    if not isinstance(username, str) or len(username) > 255 or not _USERNAME.fullmatch(username):
        raise BadDocument(f"{uri} has no usable preferredUsername")
    inbox = _own_address(document, "inbox", uri)
    if inbox is None:
        raise BadDocument(f"{uri} has no inbox of its own")
    endpoints = mapping(document.get("endpoints"))
    page = link_of(document.get("url"))
    return RemoteActor(
        uri=uri,
        host=host_of(uri),
        type=kind,
        username=username,
        handle=f"{username}@{host_of(uri)}",
        name=line_of(document, "name") or username,
        inbox=inbox,
        url=page if page and same_host(page, uri) else uri,
        shared_inbox=_own_address(endpoints, "sharedInbox", uri),
        outbox=_own_address(document, "outbox", uri),
        followers=_own_address(document, "followers", uri),
        icon_url=link_of(document.get("icon")),
        also_known_as=ids_of(document.get("alsoKnownAs"))[:MOST_ALIASES],
        keys=tuple(_keys(document, uri)),
    )


def _own_address(document: Document, member: str, uri: str) -> str | None:
    """Return an address the actor names, without one on another host (OBJ-14)."""
    address = id_of(document.get(member))
    return address if address and same_host(address, uri) else None


def _keys(document: Document, owner: str) -> Iterator[RemoteKey]:
    """Yield the keys of an actor; of several under one id the first."""
    seen: set[str] = set()
    for member in ("publicKey", "assertionMethod"):
        for each in mappings(document.get(member))[:MOST_KEYS]:
            key = read_key(each, owner)
            if key and key.id not in seen:
                seen.add(key.id)
                yield key


def read_key(document: Document, owner: str) -> RemoteKey | None:
    """Return the PEM key or Multikey (FEP-521a) in `owner`'s document, if it is its and good.

    A key that is not is left out rather than refused: the actor may have a better one.
    """
    uri = id_of(document)
    is_multikey = type_of(document, {"Multikey"}) is not None
    stated = only(document.get("controller" if is_multikey else "owner")) or None
    if uri is None or not same_host(uri, owner):
        return None
    if id_of(stated) != owner and (stated is not None or not _is_part_of(uri, owner)):
        return None
    kind: Literal["rsa", "ed25519"]
    try:
        if is_multikey:
            kind, public = read_multikey(text_of(document, "publicKeyMultibase"))
        else:
            kind, public = "rsa", read_public_pem(text_of(document, "publicKeyPem"))
    except SignatureInvalid:
        return None
    return RemoteKey(id=uri, owner=owner, kind=kind, public=public)


def _is_part_of(uri: str, owner: str) -> bool:
    """Tell whether a key that names no owner lies at, or below, the actor's own address."""
    return uri == owner or uri.startswith((f"{owner}#", f"{owner}/"))


# -- writing -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The public halves an actor shows: an RSA key as PEM, and an Ed25519 key as multibase."""

    fragment: str
    pem: str
    ed25519_fragment: str | None = None
    ed25519: str | None = None


def write_actor(
    actor: LocalActor, urls: Urls, keys: PublicKeys, *, holds_followers: bool = False
) -> Document:
    """Return the document of one of our actors; one that `holds_followers` shows a lock.

    The chapter is a Group, the only type that Mobilizon's people can follow and Friendica
    and Lemmy take for a community; the instance is an Application. `publicKey`, `icon` and
    `image` are single objects, since Mobilizon fails on lists there.
    """
    is_instance = actor.kind is ActorKind.INSTANCE
    uri = urls.actor(actor)
    return in_context(
        ACTOR,
        {
            "id": uri,
            "type": "Application" if is_instance else "Group",
            "preferredUsername": actor.handle,
            "webfinger": urls.handle(actor),
            "name": unbracketed(actor.name),
            "summary": actor.summary_html or None,
            "url": urls.actor_page(actor),
            "inbox": urls.inbox(actor),
            "outbox": urls.outbox(actor),
            "followers": urls.followers(actor),
            "following": urls.following(actor),
            "endpoints": {"sharedInbox": urls.shared_inbox},
            "publicKey": {
                "id": urls.key(actor, keys.fragment),
                "owner": uri,
                "publicKeyPem": keys.pem,
            },
            "assertionMethod": _multikeys(actor, urls, keys),
            "published": stamp(actor.created_at),
            "manuallyApprovesFollowers": holds_followers,
            "discoverable": not is_instance,
            "indexable": not is_instance,
            "icon": write_picture(actor.icon, urls) if actor.icon else None,
            "image": write_picture(actor.header, urls) if actor.header else None,
            "alsoKnownAs": list(actor.also_known_as) or None,
            "movedTo": actor.moved_to,
            **({} if is_instance else _for_people(actor, urls)),
        },
    )


def _multikeys(actor: LocalActor, urls: Urls, keys: PublicKeys) -> list[Document] | None:
    if keys.ed25519 is None or keys.ed25519_fragment is None:
        return None
    return [
        {
            "id": urls.key(actor, keys.ed25519_fragment),
            "type": "Multikey",
            "controller": urls.actor(actor),
            "publicKeyMultibase": keys.ed25519,
        }
    ]


def _for_people(actor: LocalActor, urls: Urls) -> Document:
    """Return what only an actor with a public has: collections, profile fields, its area.

    Mobilizon calls `events` what FEP-8a8e calls `upcomingEvents`.
    """
    home = urls.actor_page(actor)
    fields = [_field("Website", f'<a href="{escape(home)}" rel="me">{escape(home)}</a>')]
    if actor.area:
        fields.append(_field("Place", escape(actor.area.name)))
    return {
        "featured": urls.featured(actor),
        "upcomingEvents": urls.upcoming(actor),
        "events": urls.upcoming(actor),
        "attributionDomains": list(dict.fromkeys([urls.host, urls.domain])),
        "attachment": fields,
        "location": _area(actor.area) if actor.area else None,
    }


def _field(name: str, value: str) -> Document:
    return {"type": "PropertyValue", "name": name, "value": value}


def _area(area: Area) -> Document:
    centre = area.centre
    return present(
        {
            "type": "Place",
            "name": area.name,
            "latitude": float(centre.lat) if centre else None,
            "longitude": float(centre.lon) if centre else None,
            "radius": float(area.radius_km) if centre and area.radius_km else None,
            "units": "km" if centre and area.radius_km else None,
        }
    )
