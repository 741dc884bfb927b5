"""Telling people something about an event: which notice, by which route, only once.

Called by the services that settle RSVPs, in their transaction, and for everybody at once by
whoever changes or recalls an event. The words are made later, by who sends them.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import (
    MUTABLE,
    OWN_ANSWERS,
    Notice,
    NoticeId,
    NoticeKind,
    NoticeRoute,
)
from fedi_chapter.domain.rsvp import Route, Rsvp, RsvpStatus
from fedi_chapter.store import notices, tallies
from fedi_chapter.store.tx import ReadTx, WriteTx

SPOKEN_BY_PROTOCOL = frozenset(
    {
        NoticeKind.GOING,
        NoticeKind.MAYBE,
        NoticeKind.NO,
        NoticeKind.TAKEN_BACK,
        NoticeKind.PENDING,
        NoticeKind.PROMOTED,
        NoticeKind.DECLINED,
        NoticeKind.CHANGED,
        NoticeKind.CANCELLED,
        NoticeKind.POSTPONED,
        NoticeKind.REOPENED,
    }
)
"""What somebody who came by Join hears from its own server: by our Accept, Reject or Update."""

MOST_AN_HOUR = 5
CALM = timedelta(hours=1)
"""So many confirmations within this time are sent at once; then they are put off for as long."""

CONCERNED = (
    RsvpStatus.GOING,
    RsvpStatus.MAYBE,
    RsvpStatus.PENDING,
    RsvpStatus.WAITLIST,
    RsvpStatus.ATTENDED,
)
"""Who must hear of a change: everybody who may still come, and who is there already."""
TURN = "turn"
"""The fact that says on which state of an RSVP a notice stands."""
AUDIENCES = {
    NoticeKind.CHANGED: CONCERNED,
    NoticeKind.CANCELLED: CONCERNED,
    NoticeKind.POSTPONED: CONCERNED,
    NoticeKind.REOPENED: CONCERNED,
    NoticeKind.MESSAGE: CONCERNED,
    NoticeKind.REMINDER: (RsvpStatus.GOING, RsvpStatus.ATTENDED),
    NoticeKind.THANKS: (RsvpStatus.GOING, RsvpStatus.ATTENDED),
}
"""Whom a notice to many is for."""


def tell(
    tx: WriteTx,
    rsvp: Rsvp,
    kind: NoticeKind,
    *,
    once: str | None = None,
    due: datetime | None = None,
    facts: dict[str, str] | None = None,
) -> bool:
    """Queue a notice for whoever stands behind `rsvp`; return whether there is a way to tell.

    `once` names person and occasion (default: this state of this RSVP): it is told once.
    """
    where = route_of(rsvp, kind)
    if where is None or (rsvp.muted and kind in MUTABLE):
        return False
    route, recipient = where
    return notices.put(
        tx,
        Notice(
            id=NoticeId(tx.new_id()),
            event_id=rsvp.event_id,
            rsvp_id=rsvp.id,
            kind=kind,
            route=route,
            recipient=recipient,
            once=once or f"{rsvp.id} {kind} {rsvp.turn}",
            due=due or _when(tx, rsvp, kind),
            language=rsvp.language,
            in_reply_to=rsvp.activity_id if rsvp.route is Route.REPLY else None,
            facts={TURN: str(rsvp.turn), **(facts or {})},
        ),
    )


def tell_actor(
    tx: WriteTx,
    event: Event,
    actor_uri: str,
    kind: NoticeKind,
    *,
    occasion: str,
    language: str | None = None,
    in_reply_to: str | None = None,
) -> bool:
    """Queue a direct message to somebody of whom no answer is kept; return whether it is new.

    Nobody hears of one occasion twice; who it was can't be read from the row later.
    """
    who = sha256(f"{event.id} {actor_uri}".encode()).hexdigest()
    return notices.put(
        tx,
        Notice(
            id=NoticeId(tx.new_id()),
            event_id=event.id,
            kind=kind,
            route=NoticeRoute.DIRECT,
            recipient=actor_uri,
            once=f"{who} {kind} {occasion}",
            due=tx.now,
            language=language,
            in_reply_to=in_reply_to,
        ),
    )


def _when(tx: ReadTx, rsvp: Rsvp, kind: NoticeKind) -> datetime:
    """Return when somebody is told: at once, but one who keeps changing their mind later.

    Then only the last answer is still true, so all the others are dropped (ABU-03).
    """
    since = tx.now - CALM
    wavers = kind in OWN_ANSWERS and rsvp.turn > MOST_AN_HOUR
    if wavers and notices.told_since(tx, rsvp.id, since) >= MOST_AN_HOUR:
        return tx.now + CALM
    return tx.now


def tell_all(
    tx: WriteTx,
    event: Event,
    kind: NoticeKind,
    occasion: str,
    *,
    answered_by: datetime | None = None,
    facts: dict[str, str] | None = None,
) -> int:
    """Queue a notice for everybody whom its kind concerns; return for how many it is new.

    `occasion` makes it one of its own: nobody hears of one occasion twice. Who answered after
    `answered_by` knows it already.
    """
    tallies.lock(tx, event.id)  # who is answering just now must not be left out
    everybody = notices.ToMany(
        event_id=event.id,
        kind=kind,
        occasion=occasion,
        among=AUDIENCES[kind],
        spares_muted=kind in MUTABLE,
        by_protocol=kind in SPOKEN_BY_PROTOCOL,
        answered_by=answered_by,
        facts=facts or {},
    )
    return notices.put_many(tx, everybody)


def route_of(rsvp: Rsvp, kind: NoticeKind) -> tuple[NoticeRoute, str] | None:
    """Return how this person hears of it, None when there is no way or no need."""
    if rsvp.route is Route.JOIN and kind in SPOKEN_BY_PROTOCOL:
        return None
    if rsvp.actor_uri:
        return NoticeRoute.DIRECT, rsvp.actor_uri
    if rsvp.email and (rsvp.email_confirmed_at or kind is NoticeKind.CONFIRM_MAIL):
        return NoticeRoute.MAIL, rsvp.email.lower()  # one mailbox, however it is spelled
    return None
