"""The ActivityPub objects a peer may GET, built from the database at the moment of asking.

Called by `web.fedi`; each function is one read. What a stranger may not see raises Missing,
exactly as if it did not exist; what was deleted raises `Deleted` with its tombstone.
"""

from collections.abc import Callable

from fedi_chapter.core.errors import Gone, Missing
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import threads
from fedi_chapter.sig.keys import KeyRing, multibase
from fedi_chapter.store import (
    activities,
    boosts,
    events,
    faces,
    followers,
    local_actors,
    local_keys,
    posts,
    quotes,
    reactions,
    tallies,
)
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.actors import PublicKeys, write_actor
from fedi_chapter.vocab.collections import quote_authorization, tombstone
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.faces import face_type, write_face
from fedi_chapter.vocab.places import write_place
from fedi_chapter.vocab.posts import write_post
from fedi_chapter.vocab.shape import Document, ids_of, mapping, parse


class Deleted(Gone):
    """What was here has been deleted; its tombstone remains (AS2 vocabulary, Tombstone)."""

    def __init__(self, document: Document) -> None:
        """Keep the tombstone document."""
        self.document = document
        super().__init__()


def public_keys(tx: ReadTx, actor: LocalActor, urls: Urls, ring: KeyRing) -> PublicKeys:
    """Return the public halves of an actor's current keys: RSA, and Ed25519."""
    rsa = local_keys.current(tx, actor.id, "rsa")
    modern = local_keys.current(tx, actor.id, "ed25519")
    opened = ring.unseal(urls.key(actor, modern.fragment), "ed25519", modern.private_sealed)
    return PublicKeys(
        fragment=rsa.fragment,
        pem=rsa.public_pem,
        ed25519_fragment=modern.fragment,
        ed25519=multibase(opened.private),
    )


def actor(
    tx: ReadTx, local: LocalActor, urls: Urls, ring: KeyRing, *, holds_followers: bool
) -> Document:
    """Return an actor's document."""
    keys = public_keys(tx, local, urls, ring)
    return write_actor(local, urls, keys, holds_followers=holds_followers)


def event(tx: ReadTx, event_id: str, urls: Urls, *, reader_follows: bool = False) -> Document:
    """Return the canonical Event, with the numbers of this moment.

    Raises:
        Missing: unknown, a draft, or for followers while the reader is none.
        Deleted: with its tombstone.

    """
    found, owner = readable_event(tx, event_id, urls, reader_follows=reader_follows)
    written = write_event(found, owner, urls, tallies.get(tx, found.id))
    return _with_thread(tx, urls, written, _of_event(found, urls))


def face(tx: ReadTx, event_id: str, urls: Urls, *, reader_follows: bool = False) -> Document:
    """Return the event's microblog face, with the totals of this moment.

    Raises:
        Missing: unknown, a draft, or for followers while the reader is none.
        Deleted: with its tombstone.

    """
    found, owner = readable_event(tx, event_id, urls, as_face=True, reader_follows=reader_follows)
    tally, said = tallies.get(tx, found.id), faces.get(tx, found.id)
    written = write_face(found, owner, urls, tally, said, tx.now)
    return _with_thread(tx, urls, written, _of_event(found, urls))


def readable_event(
    tx: ReadTx, event_id: str, urls: Urls, *, as_face: bool = False, reader_follows: bool = False
) -> tuple[Event, LocalActor]:
    """Return an event that federates, with its actor.

    Raises:
        Missing: unknown, a draft, local, or for followers while the reader is none.
        Deleted: with the tombstone of the Event or, `as_face`, of its face.

    """
    found = events.get_shown(tx, EventId(event_id), _audience(reader_follows))
    if found is None:
        raise Missing
    if found.deleted_at:
        uri = urls.face(event_id) if as_face else urls.event(event_id)
        kind = face_type(found) if as_face else "Event"
        raise Deleted(tombstone(uri, kind, found.deleted_at))
    return found, _owner(tx, found)


def post(tx: ReadTx, post_id: str, urls: Urls, *, reader_follows: bool = False) -> Document:
    """Return a post as a Note.

    Raises:
        Missing: unknown, local, or for followers while the reader is none.
        Deleted: with its tombstone.

    """
    found = posts.get_shown(tx, PostId(post_id), _audience(reader_follows))
    if found is None:
        raise Missing
    if found.deleted_at:
        raise Deleted(tombstone(urls.post(post_id), "Note", found.deleted_at))
    thread = threads.thread_of(tx, urls, found)
    written = write_post(found, _owner(tx, found), urls, thread=thread)
    return _with_thread(tx, urls, written, (urls.post(post_id),))


def place(tx: ReadTx, place_id: str, urls: Urls) -> Document:
    """Return a public place, as long as a public event meets there."""
    found = events.place(tx, place_id)
    if found is None:
        raise Missing
    return write_place(found, urls, with_context=True)


def quote(tx: ReadTx, quote_id: str, urls: Urls) -> Document:
    """Return an authorization to quote (FEP-044f)."""
    found = quotes.get(tx, quote_id)
    chapter = local_actors.chapter(tx)
    if found is None or chapter is None:
        raise Missing
    return quote_authorization(
        urls.quote(quote_id), urls.actor(chapter), found.quote_uri, found.target_uri
    )


def activity(tx: ReadTx, activity_id: str, urls: Urls) -> Document:
    """Return an activity of ours that was sent to the public.

    Raises:
        Missing: unknown, or not for everyone.
        Deleted: a boost that was taken back.

    """
    uri = urls.activity(activity_id)
    body = activities.get(tx, uri)
    document = parse(body) if body else {}
    if PUBLIC not in (*ids_of(document.get("to")), *ids_of(document.get("cc"))):
        raise Missing
    boost = boosts.get(tx, activity_id)
    if boost is not None and boost.undone_at is not None:
        raise Deleted(tombstone(uri, "Announce", boost.undone_at))
    return document


def follows(tx: ReadTx, local: LocalActor, reader: str | None) -> bool:
    """Tell whether `reader`, proven by a signature, follows `local`."""
    if reader is None:
        return False
    follower = followers.get(tx, local.id, reader)
    return follower is not None and follower.state == "accepted"


def _of_event(found: Event, urls: Urls) -> tuple[str, str]:
    return urls.event(found.id), urls.face(found.id)


def _with_thread(tx: ReadTx, urls: Urls, document: Document, roots: tuple[str, ...]) -> Document:
    """Add what stands below it, and how many like and boost it: servers read it when they fetch."""
    likes, boosts = reactions.counts(tx, (str(document["id"]),))
    uri = mapping(document["replies"])["id"]
    return {
        **document,
        "replies": threads.embedded(tx, urls, str(uri), roots),
        "likes": {"type": "Collection", "totalItems": likes},
        "shares": {"type": "Collection", "totalItems": boosts},
    }


def _audience(reader_follows: bool) -> Callable[[Visibility], bool]:
    return lambda each: reader_follows if each is Visibility.FOLLOWERS else each.federates


def _owner(tx: ReadTx, thing: Event | Post) -> LocalActor:
    owner = local_actors.get(tx, thing.actor_id)
    if owner is None:
        raise Missing
    return owner
