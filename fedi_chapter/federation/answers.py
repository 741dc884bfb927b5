"""Answers to our events that came over the wire: from an activity into the one room.

Called by the handlers of votes, Joins, Accepts and their kin, and by `federation.spoken` for
replies in words. What an answer leads to is decided in `services.rsvps`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.happening import JoinAnswered
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.rsvp import (
    RANKS,
    Answer,
    Party,
    Rank,
    Refusal,
    Route,
    Rsvp,
    RsvpStatus,
    Saying,
    Verdict,
)
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import undoing
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Held, Ignored, Outcome
from fedi_chapter.services import rsvps as service
from fedi_chapter.services.rsvps import Response
from fedi_chapter.store import (
    event_secrets,
    events,
    followers,
    hosts,
    outbox,
    rsvps,
    tallies,
)
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import Activity

MOST_OF_HOST = 300
LATELY = timedelta(hours=1)
"""So many people of one host get a seat at one event unasked within this time (ABU-03)."""

MOST_AT_ONCE = 20
"""Events that one activity may answer."""

UNKNOWN = Ignored("answers no event that is here for the sender")
FORGOTTEN = Ignored("the event is over and its attendees are forgotten")
_BY_ACTIVITY = frozenset({Route.JOIN, Route.ANSWER})


@dataclass(frozen=True, slots=True)
class Undone:
    """What an Undo says of the activity it takes back."""

    id: str | None
    rank: Rank
    said_at: datetime | None = None


def event_at(tx: ReadTx, urls: Urls, uri: str | None, actor: RemoteActor) -> Event | None:
    """Return the event of ours that `uri` names by its id or its face, if `actor` may know of it.

    A deleted one is returned too: who joins it is told so.
    """
    named = urls.own_object(uri or "")
    if named is None or named.kind == "post":
        return None
    return known_event(tx, EventId(named.id), actor)


def events_at(tx: ReadTx, urls: Urls, uris: Iterable[str], actor: RemoteActor) -> list[Event]:
    """Return the events of ours among `uris`, as `event_at`; what goes too far is left out."""
    ours = [uri for uri in uris if urls.is_own(uri)][:MOST_AT_ONCE]
    return [event for uri in ours if (event := event_at(tx, urls, uri, actor))]


def known_event(tx: ReadTx, event_id: EventId, actor: RemoteActor) -> Event | None:
    """Return an event of ours if it ever left this house and `actor` may know of it."""
    event = events.get(tx, event_id)
    if event is None or event.is_draft or not event.visibility.federates:
        return None
    if not event.visibility.has_page and not _is_invited(tx, event, actor):
        return None
    return event


def _is_invited(tx: ReadTx, event: Event, actor: RemoteActor) -> bool:
    """Tell whether an event for followers is for this actor: who has answered may still leave."""
    follower = followers.get(tx, event.actor_id, actor.uri)
    follows = follower is not None and follower.state is FollowState.ACCEPTED
    return follows or standing(tx, event, actor) is not None


def said(activity: Activity, case: Case, answer: Answer, route: Route) -> Saying:
    """Return what an activity says, at the time it names, which is never later than it came.

    What is said anew with the same bytes names the old time: then the date of signing counts.
    """
    named = case.signed_at if case.is_repeat else activity.published
    at = min(named or case.received_at, case.received_at)
    return Saying(answer, route, at, RANKS[answer], activity_id=activity.id)


def respond(
    tx: WriteTx, event: Event, actor: RemoteActor, saying: Saying, *, language: str | None = None
) -> Outcome:
    """Take an actor's answer to an event of ours; return what came of it."""
    if _is_forgotten(tx, event):
        if saying.rank is Rank.JOIN and saying.activity_id is not None:
            outbox.put(tx, JoinAnswered(event.id, actor.uri, saying.activity_id, "Reject"))
        return replace(FORGOTTEN, names_nobody=True)
    party = Party(key=actor.uri, actor_uri=actor.uri, language=language)
    suspect = saying.answer is Answer.GOING and _is_flood(tx, event, actor, party)
    response = service.respond(tx, event, party, replace(saying, is_suspect=suspect))
    return replace(_outcome(response), names_nobody=event.counts_only)


def respond_to_all(tx: WriteTx, named: Sequence[Event], case: Case, saying: Saying) -> Outcome:
    """Take the sender's answer to several events; return what came of the last."""
    outcomes = [respond(tx, event, case.sender, saying) for event in named]
    return outcomes[-1] if outcomes else UNKNOWN


def standing(tx: ReadTx, event: Event, actor: RemoteActor) -> Rsvp | None:
    """Return what an actor answered to an event."""
    if _is_forgotten(tx, event):
        return None
    return rsvps.find(tx, event.id, service.key_of(tx, event, Party(key=actor.uri)))


def take_back(tx: WriteTx, event: Event, case: Case, withdrawal: Saying, undone: Undone) -> Outcome:
    """Take back what the sender said; an answer given anew stands.

    In the order of all that was said, the place of what is taken back is held by `withdrawal`:
    so the end is the same, whichever of the two comes first, and the undone never counts again.
    """
    actor, withdrawal = case.sender, replace(withdrawal, activity_id=None)
    if undone.id is None:
        return respond(tx, event, actor, replace(withdrawal, rank=Rank.LEAVE))
    known = standing(tx, event, actor)
    stands = known is not None and _stands_on(known, undone.id, event)
    undoing.bar(tx, actor.uri, undone.id, case.signed_at, has_come=stands)
    if known is not None and stands:
        at, rank, guests = known.said_at, known.said_rank, known.said_guests
    elif known is not None and undone.said_at is None:
        return Ignored("takes back what no longer counts", names_nobody=event.counts_only)
    else:
        at, rank, guests = min(undone.said_at or withdrawal.at, withdrawal.at), undone.rank, 0
    return respond(tx, event, actor, replace(withdrawal, at=at, rank=rank, guests=guests))


def _stands_on(known: Rsvp, activity_id: str, event: Event) -> bool:
    """Tell whether an answer was given by that activity; a counted head's can only be guessed."""
    is_named = event.counts_only or known.activity_id == activity_id
    return is_named and known.route in _BY_ACTIVITY


def _is_forgotten(tx: ReadTx, event: Event) -> bool:
    return event.counts_only and event_secrets.get(tx, event.id) is None


def _is_flood(tx: ReadTx, event: Event, actor: RemoteActor, party: Party) -> bool:
    """Tell whether so many of this host want seats that an organizer must look at more.

    Where heads are only counted nobody knows their hosts, and no flood is seen.
    """
    if tallies.get(tx, event.id).voters < MOST_OF_HOST:
        return False
    known = rsvps.find(tx, event.id, service.key_of(tx, event, party))
    if known is not None and (known.has_seat or known.queued_at is not None):
        return False
    if hosts.is_allowed(tx, actor.host):
        return False
    since = tx.now - LATELY
    return rsvps.lately_of_host(tx, event.id, actor.host, since, MOST_OF_HOST) >= MOST_OF_HOST


def _outcome(response: Response) -> Done | Ignored | Held:
    status = response.rsvp.status
    match response.verdict:
        case Verdict.CHANGED if status is RsvpStatus.PENDING:
            return Held("an RSVP that waits for an organizer")
        case Verdict.CHANGED:
            return Done(f"RSVP: {status}")
        case Verdict.REPEATED:
            return Ignored("answered so before")
        case Verdict.STALE:
            return Ignored("answered anew since")
    return Ignored(f"an RSVP that can't count: {response.refusal or Refusal.OFF}")
