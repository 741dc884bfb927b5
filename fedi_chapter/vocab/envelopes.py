"""The activities we send: what happened, around the document it happened to.

Called by `federation.publish` and the inbox handlers. Every envelope repeats the audience
of what it carries and has an id that stays the same when it is built again.
"""

from collections.abc import Sequence
from datetime import datetime

from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.collections import tombstone
from fedi_chapter.vocab.context import NO_TERMS, QUOTE, bare, enclose, in_context
from fedi_chapter.vocab.shape import Document, id_of
from fedi_chapter.vocab.when import stamp


def create(inner: Document, actor_uri: str) -> Document:
    """Return the Create of an object, under `<object>#create`."""
    return _around(
        "Create", f"{inner['id']}#create", actor_uri, inner, published=inner.get("published")
    )


def update(inner: Document, actor_uri: str, *, revision: int) -> Document:
    """Return the Update of an object or an actor to its `revision`: the complete object."""
    uri = f"{inner['id']}#update-{revision}"
    return _around("Update", uri, actor_uri, inner, published=inner.get("updated"))


def retotal(inner: Document, actor_uri: str, *, number: int) -> Document:
    """Return the Update of a poll that changes nothing but its totals, for the `number`th time.

    Mastodon takes it as no edit, for the poll's `updated` is what it was (mastodon.md §4.3).
    """
    return _around("Update", f"{inner['id']}#tally-{number}", actor_uri, inner, published=None)


def _around(kind: str, uri: str, actor_uri: str, inner: Document, *, published: object) -> Document:
    return enclose(
        {
            "id": uri,
            "type": kind,
            "actor": actor_uri,
            "published": published,
            **_audience(inner, actor_uri),
            "object": bare(inner),
        },
        inner,
    )


def _audience(inner: Document, actor_uri: str) -> Document:
    """Repeat an object's audience; the news of an actor itself is for everyone."""
    if "to" in inner:
        return {"to": inner["to"], "cc": inner.get("cc")}
    return {"to": [PUBLIC], "cc": [inner["followers"]] if "followers" in inner else []}


def delete(
    uri: str,
    former_type: str,
    actor_uri: str,
    at: datetime,
    to: Sequence[str],
    cc: Sequence[str],
) -> Document:
    """Return the Delete of the object `uri`, whose Tombstone names its former type."""
    return in_context(
        NO_TERMS,
        {
            "id": f"{uri}#delete",
            "type": "Delete",
            "actor": actor_uri,
            "published": stamp(at),
            "to": list(to),
            "cc": list(cc),
            "object": bare(tombstone(uri, former_type, at)),
        },
    )


def follow(uri: str, actor_uri: str, target: str) -> Document:
    """Return a Follow; Gancio needs its object as a plain id."""
    return _answer("Follow", uri, actor_uri, target, [target])


def undo(inner: Document, actor_uri: str) -> Document:
    """Return the Undo of an activity of ours, embedded whole: Gancio ignores a bare id."""
    return enclose(
        {
            "id": f"{inner['id']}#undo",
            "type": "Undo",
            "actor": actor_uri,
            "to": inner.get("to"),
            "cc": inner.get("cc"),
            "object": bare(inner),
        },
        inner,
    )


def accept(uri: str, actor_uri: str, inner: Document | str, to: str) -> Document:
    """Return the Accept of an activity, embedded to the letter as it came."""
    return _answer("Accept", uri, actor_uri, inner, [to])


def reject(uri: str, actor_uri: str, inner: Document | str, to: str) -> Document:
    """Return the Reject of an activity, embedded to the letter as it came."""
    return _answer("Reject", uri, actor_uri, inner, [to])


def block(uri: str, actor_uri: str, target: str) -> Document:
    """Return a Block of another actor."""
    return _answer("Block", uri, actor_uri, target, [target])


def ignore(uri: str, actor_uri: str, object_uri: str, to: str) -> Document:
    """Return the Ignore that tells a Join that no RSVP is taken here (FEP-8a8e)."""
    return _answer("Ignore", uri, actor_uri, object_uri, [to])


def rsvp(uri: str, actor_uri: str, verb: str, event_uri: str, *, to: str, at: datetime) -> Document:
    """Return what we say about an event of `to`: a Join, Leave, Accept, TentativeAccept or Reject.

    The event is named by its id alone: Friendica takes no other form, and everybody takes this
    one. Rebased wants both `to` and `cc`.
    """
    return in_context(
        NO_TERMS,
        {
            "id": uri,
            "type": verb,
            "actor": actor_uri,
            "published": stamp(at),
            "to": [to],
            "cc": [],
            "object": event_uri,
        },
    )


def _answer(kind: str, uri: str, actor_uri: str, inner: Document | str, to: list[str]) -> Document:
    return in_context(
        NO_TERMS,
        {
            "id": uri,
            "type": kind,
            "actor": actor_uri,
            "to": to,
            "object": bare(inner) if isinstance(inner, dict) else inner,
        },
    )


def announce(
    uri: str,
    actor_uri: str,
    object_uri: str,
    to: Sequence[str],
    cc: Sequence[str],
    at: datetime,
) -> Document:
    """Return a boost, by id only: nobody has to trust a copy of ours."""
    return in_context(
        NO_TERMS,
        {
            "id": uri,
            "type": "Announce",
            "actor": actor_uri,
            "published": stamp(at),
            "to": list(to),
            "cc": list(cc),
            "object": object_uri,
        },
    )


def accept_quote(uri: str, actor_uri: str, request: Document, to: str, result: str) -> Document:
    """Return the Accept of a QuoteRequest; `result` is the authorization (FEP-044f)."""
    return in_context(
        QUOTE,
        {
            "id": uri,
            "type": "Accept",
            "actor": actor_uri,
            "to": [to],
            "object": {
                "id": request.get("id"),
                "type": "QuoteRequest",
                "actor": id_of(request.get("actor")),
                "object": id_of(request.get("object")),
                "instrument": id_of(request.get("instrument")),
            },
            "result": result,
        },
    )
