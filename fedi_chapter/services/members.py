"""Members on our own pages: signed in, their answers, their calendar's address.

Called by `web.members`, inside its transaction, after their own server said who they are. Of
every token the database holds only a hash.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown
from fedi_chapter.domain.member import Member
from fedi_chapter.domain.rsvp import Party, Rsvp, RsvpStatus
from fedi_chapter.services.organizers import NOTED, token_hash
from fedi_chapter.services.places import told_place
from fedi_chapter.services.rsvps import key_of
from fedi_chapter.store import (
    blocks,
    calendar_feeds,
    event_secrets,
    events,
    member_sessions,
    rsvps,
)
from fedi_chapter.store.tx import ReadTx, WriteTx

IDLE = timedelta(days=7)
"""How long a session lasts that nobody uses."""
LONGEST = timedelta(days=30)
"""How long a session lasts at most."""
PERHAPS = frozenset({RsvpStatus.MAYBE, RsvpStatus.PENDING, RsvpStatus.WAITLIST})
"""Answers with which somebody may come."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser; it is due for a note when its last use was noted a while ago."""

    member: Member
    due: bool


def sign_in(tx: WriteTx, actor_uri: str, *, instead_of: str | None) -> str:
    """Return the token of a new session of a member; the browser's older one ends (ADM-02)."""
    if instead_of is not None:
        sign_out(tx, instead_of)
    token = tx.ids.token()
    member_sessions.insert(tx, token_hash(token), actor_uri)
    return token


def session_of(tx: ReadTx, token: str) -> Session | None:
    """Return the session of a cookie's token, unless it ended or its owner was blocked."""
    found = member_sessions.get(
        tx, token_hash(token), begun_after=tx.now - LONGEST, seen_after=tx.now - IDLE
    )
    if found is None:
        return None
    member, seen_at = found
    host = member.actor_uri.split("/")[2]
    if blocks.find(tx, actor_uri=member.actor_uri, host=host) is not None:
        return None
    return Session(member, tx.now - seen_at > NOTED)


def stay(tx: WriteTx, token: str) -> None:
    """Note that a session is in use."""
    member_sessions.touch(tx, token_hash(token))


def sign_out(tx: WriteTx, token: str) -> None:
    """End a session."""
    member_sessions.remove(tx, token_hash(token))


def party(actor_uri: str, language: str | None = None) -> Party:
    """Return the member as somebody who answers an event, and hears of it in `language`."""
    return Party(key=actor_uri, actor_uri=actor_uri, language=language)


def answers_of(tx: ReadTx, actor_uri: str) -> list[tuple[Event, Rsvp]]:
    """Return all that somebody answered, the latest event first.

    Where heads are only counted, their answer is found by its hash as long as the event is
    ahead; afterwards nobody can tell whose it was.
    """
    found = rsvps.of_actor(tx, actor_uri)
    for event_id in event_secrets.kept(tx):
        event = events.get(tx, event_id)
        known = event and rsvps.find(tx, event_id, key_of(tx, event, party(actor_uri)))
        found += [known] if known else []
    pairs = [(event, rsvp) for rsvp in found if (event := events.get(tx, rsvp.event_id))]
    return sorted(pairs, key=lambda pair: pair[0].starts_at, reverse=True)


def calendar_of(tx: ReadTx, actor_uri: str, turn: int) -> list[Event]:
    """Return the events somebody answered with yes or perhaps, as they stand for them.

    Who has a seat sees where exactly it is; who only may come sees it as tentative. The revision
    counts changes of the answer as well, so that calendars take them for news (RFC 5545 §3.8.7.4).

    Raises:
        Missing: the feed's address is not the valid one.

    """
    if calendar_feeds.turn(tx, actor_uri) != turn:
        raise Missing("there is no such calendar")
    return [
        as_it_stands(tx, event, rsvp)
        for event, rsvp in answers_of(tx, actor_uri)
        if event.deleted_at is None and (rsvp.has_seat or rsvp.status in PERHAPS)
    ]


def as_it_stands(tx: ReadTx, event: Event, rsvp: Rsvp) -> Event:
    """Return an event as the calendar of somebody who answered it shows it."""
    status, told = event.status, told_place(tx, event, rsvp)
    if not event.is_cancelled and not rsvp.has_seat:
        status = EventStatus.TENTATIVE
    changed = event.updated_at or event.published_at or event.created_at
    return replace(
        event,
        status=status,
        place=told.place or event.place,
        place_shown=PlaceShown.TO_ALL if told.place else event.place_shown,
        online_url=told.link or event.online_url,
        link_kept=event.link_kept and told.link is None,
        revision=event.revision + rsvp.turn,
        updated_at=max(changed, rsvp.changed_at),
    )
