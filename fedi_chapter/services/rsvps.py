"""RSVPs: the one room that every way in leads to.

Called by inbox handlers, pages and the command line, inside their transaction. What an answer
means is decided in `domain.rsvp`; here it is stored, counted, and written down for those who
must hear of it. Every function takes the event's lock first, so no seat is given away twice.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from fedi_chapter.core.errors import Conflict
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.happening import JoinAnswered, RsvpTallyChanged
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.rsvp import (
    Answer,
    Decision,
    Party,
    Rank,
    Refusal,
    Route,
    Rsvp,
    RsvpId,
    RsvpStatus,
    Saying,
    Verdict,
    decide,
    terms,
)
from fedi_chapter.services.notices import tell
from fedi_chapter.store import event_secrets, events, outbox, rsvps, tallies
from fedi_chapter.store.tx import ReadTx, WriteTx

TALLY_WINDOW = timedelta(seconds=30)
"""However many answer within it, other servers hear one new total."""

_TOLD = {
    RsvpStatus.GOING: NoticeKind.GOING,
    RsvpStatus.MAYBE: NoticeKind.MAYBE,
    RsvpStatus.NO: NoticeKind.NO,
    RsvpStatus.NONE: NoticeKind.TAKEN_BACK,
    RsvpStatus.PENDING: NoticeKind.PENDING,
    RsvpStatus.WAITLIST: NoticeKind.WAITLIST,
}


@dataclass(frozen=True, slots=True)
class Response:
    """What an answer led to; `rsvp` is how the person stands now."""

    rsvp: Rsvp
    verdict: Verdict
    refusal: Refusal | None = None


def respond(tx: WriteTx, event: Event, party: Party, saying: Saying) -> Response:
    """Take one person's answer, and see to everything that follows from it.

    Nothing is raised for an answer that can't count: the response says why, and the person is
    told by the route it came.
    """
    return _respond(tx, event, key_of(tx, event, party), party, saying)


def respond_again(tx: WriteTx, event: Event, rsvp: Rsvp, saying: Saying) -> Response:
    """Take another answer of somebody who is known by the first one, as `respond` does.

    Where heads are only counted nobody can say who it is; the row itself is all there is.
    """
    party = Party(rsvp.key, rsvp.actor_uri, rsvp.name, rsvp.email, rsvp.language)
    return _respond(tx, event, rsvp.key, party, saying)


def _respond(tx: WriteTx, event: Event, key: str, party: Party, saying: Saying) -> Response:
    event, tally = locked(tx, event)
    known = rsvps.find(tx, event.id, key)
    person = _introduced(known or _new(tx, event, key, saying), event, party)
    decision = decide(known, saying, terms(event, tx.now), tally.seats)
    match decision.verdict:
        case Verdict.STALE:
            return Response(person, Verdict.STALE)
        case Verdict.REFUSED:
            if known:
                rsvps.change(tx, _stored(_heard(known, saying), event))
            _tell_refusal(tx, event, replace(person, route=saying.route), party, saying, decision)
            return Response(person, Verdict.REFUSED, decision.refusal)
        case Verdict.REPEATED:
            after = _heard(person, saying)
            put(tx, known, _stored(after, event))
        case Verdict.CHANGED:
            after = changed(
                tx,
                _heard(person, saying),
                decision.status,
                decision.guests,
                asked_guests=decision.asked_guests,
            )
            put(tx, known, _stored(after, event))
            tell_change(tx, event, _told_as(after, party))
            _end_join(tx, event, known, after)
            promote(tx, event)
    _answer_join(tx, event, party, saying, after)
    return Response(after, decision.verdict)


def promote(tx: WriteTx, event: Event) -> list[Rsvp]:
    """Give free seats to those who wait, first come first served; return who got one.

    A party larger than what is free is passed by smaller ones behind it, and keeps its place.
    """
    promoted: list[Rsvp] = []
    if not event.takes_place or event.over_at <= tx.now:
        return promoted
    while (tally := tallies.get(tx, event.id)).waitlist:
        free = None if event.capacity is None else event.capacity - tally.heads
        first = rsvps.first_in_line(tx, event.id, free)
        if first is None:
            break
        after = changed(tx, first, RsvpStatus.GOING, first.guests, asked_guests=first.asked_guests)
        put(tx, first, after)
        tell_others(tx, event, after, NoticeKind.PROMOTED, "Accept")
        promoted.append(after)
    if promoted:
        tally_changed(tx, event)
    return promoted


def mute(tx: WriteTx, event: Event, rsvp: Rsvp, *, muted: bool) -> None:
    """Spare somebody the reminders of an event, or send them again."""
    known = held(tx, event, rsvp)
    if known is not None:
        rsvps.change(tx, replace(known, muted=muted))


def forget(tx: WriteTx, event: Event, rsvp: Rsvp) -> None:
    """Erase one person's answer; a seat it had is free again while the event is ahead."""
    known = held(tx, event, rsvp)
    if known is None:
        return
    if event.over_at > tx.now:
        tallies.move(tx, event.id, known, None)
        tally_changed(tx, event)
    rsvps.remove(tx, known.id)
    promote(tx, event)


def held(tx: WriteTx, event: Event, rsvp: Rsvp) -> Rsvp | None:
    """Return an answer as it stands, and keep it so; None when it was erased meanwhile.

    Whoever writes a row of answers has it from here: one read before may have got a seat since.
    """
    tallies.lock(tx, event.id)
    return rsvps.get(tx, rsvp.id)


def key_of(tx: ReadTx, event: Event, party: Party) -> str:
    """Return the key under which an event keeps a person; hashed where it only counts heads."""
    if not event.counts_only:
        return party.key
    secret = event_secrets.get(tx, event.id)
    if secret is None:
        raise Conflict("this event is over and no longer knows who came")
    return hmac.digest(secret, party.key.encode(), "sha256").hex()


def locked(tx: WriteTx, event: Event) -> tuple[Event, tallies.Tally]:
    """Take the event's lock; return how it stands since, for it may have changed meanwhile.

    Who stood in line behind hundreds of votes must not answer what was cancelled by then.
    """
    tally = tallies.lock(tx, event.id)
    if events.revision(tx, event.id) != event.revision:
        event = events.get(tx, event.id) or event
    return event, tally


def _new(tx: WriteTx, event: Event, key: str, saying: Saying) -> Rsvp:
    return Rsvp(
        id=RsvpId(tx.new_id()),
        event_id=event.id,
        key=key,
        status=RsvpStatus.NONE,
        route=saying.route,
        said_at=saying.at,
        said_rank=saying.rank,
        said_guests=saying.guests,
        created_at=tx.now,
        changed_at=tx.now,
    )


def _introduced(rsvp: Rsvp, event: Event, party: Party) -> Rsvp:
    return replace(
        rsvp,
        actor_uri=party.actor_uri,
        name=party.name or rsvp.name,
        email=party.email or rsvp.email,
        language=party.language or rsvp.language,
    )


def _heard(rsvp: Rsvp, saying: Saying) -> Rsvp:
    return replace(
        rsvp,
        approved_guests=None if rsvp.was_declined else rsvp.approved_guests,
        route=saying.route,
        said_at=saying.at,
        said_rank=saying.rank,
        said_guests=saying.guests,
        activity_id=saying.activity_id or rsvp.activity_id,
        note=saying.note or rsvp.note,
        form_number=saying.form_number,
    )


def changed(
    tx: WriteTx, rsvp: Rsvp, status: RsvpStatus, guests: int, *, asked_guests: int | None = None
) -> Rsvp:
    """Return an answer in its next state, not yet stored."""
    waits = status in (RsvpStatus.PENDING, RsvpStatus.WAITLIST)
    return replace(
        rsvp,
        status=status,
        guests=guests,
        asked_guests=asked_guests,
        queued_at=(rsvp.queued_at or tx.now) if waits else None,
        changed_at=tx.now,
        turn=rsvp.turn + 1,
    )


def _stored(rsvp: Rsvp, event: Event) -> Rsvp:
    """Return what is kept of a person: of a head that is only counted, nothing but the hash."""
    if not event.counts_only:
        return rsvp
    return replace(rsvp, actor_uri=None, name=None, email=None, note=None, activity_id=None)


def _told_as(rsvp: Rsvp, party: Party) -> Rsvp:
    return replace(rsvp, actor_uri=party.actor_uri, email=party.email or rsvp.email)


def put(tx: WriteTx, before: Rsvp | None, after: Rsvp) -> None:
    """Store an answer in its next state, and count it; the caller holds the event's lock."""
    if before is None:
        rsvps.insert(tx, after)
    else:
        rsvps.change(tx, after)
    tallies.move(tx, after.event_id, before, after)


def tell_change(tx: WriteTx, event: Event, after: Rsvp) -> None:
    """Tell somebody how they stand now, and everybody how many come."""
    tell(tx, after, _TOLD[after.status])
    tally_changed(tx, event)


def tell_others(
    tx: WriteTx, event: Event, after: Rsvp, kind: NoticeKind, join_answer: str | None
) -> None:
    """Tell somebody what an organizer or a free seat did for them."""
    tell(tx, after, kind)
    if join_answer and after.route is Route.JOIN:
        _answer(tx, event, after, join_answer)


def _tell_refusal(
    tx: WriteTx, event: Event, person: Rsvp, party: Party, saying: Saying, decision: Decision
) -> None:
    if saying.rank is Rank.JOIN and party.actor_uri and saying.activity_id:
        is_off = decision.refusal is Refusal.OFF and event.deleted_at is None
        word = "Ignore" if is_off else "Reject"
        outbox.put(tx, JoinAnswered(event.id, party.actor_uri, saying.activity_id, word))
    refusal = decision.refusal
    if refusal is None or refusal is Refusal.OFF or saying.answer is Answer.NONE:
        return
    _refuse(tx, _told_as(person, party), refusal)


def tell_no_more_guests(tx: WriteTx, person: Rsvp) -> None:
    """Tell somebody that there is no room for more guests."""
    _refuse(tx, person, Refusal.NO_ROOM_FOR_GUESTS)


def _refuse(tx: WriteTx, person: Rsvp, refusal: Refusal) -> None:
    who = sha256(f"{person.event_id} {person.key}".encode()).hexdigest()
    once = f"{who} refused {refusal} {person.turn}"
    tell(tx, person, NoticeKind.REFUSED, once=once, facts={"refusal": refusal.value})


def _answer_join(tx: WriteTx, event: Event, party: Party, saying: Saying, after: Rsvp) -> None:
    """Answer a Join: yes with a seat; no while it waits for one at an event that is open to all.

    Mobilizon shows its user as taking part at once unless an event asks for approval, so who
    only waits must be rejected; the Accept comes with the seat (events.md §1.5).
    """
    if saying.rank is not Rank.JOIN or party.actor_uri is None or saying.activity_id is None:
        return
    if after.status is RsvpStatus.GOING or after.status is RsvpStatus.ATTENDED:
        word = "Accept"
    elif after.status in (RsvpStatus.WAITLIST, RsvpStatus.PENDING) and not event.approval:
        word = "Reject"
    else:
        return
    outbox.put(tx, JoinAnswered(event.id, party.actor_uri, saying.activity_id, word))


def _end_join(tx: WriteTx, event: Event, before: Rsvp | None, after: Rsvp) -> None:
    """Reject the Join of somebody who has said no in another way since.

    Their own software still shows them as coming, and would hear of it in no other way.
    """
    if before is None or before.route is not Route.JOIN or after.route is Route.JOIN:
        return
    if before.has_seat and not after.has_seat:
        _answer(tx, event, before, "Reject")


def _answer(tx: WriteTx, event: Event, joined: Rsvp, word: str) -> None:
    if joined.actor_uri and joined.activity_id:
        outbox.put(tx, JoinAnswered(event.id, joined.actor_uri, joined.activity_id, word))


def tally_changed(tx: WriteTx, event: Event) -> None:
    """See to it that other servers hear the new totals, once for all changes of a while."""
    if event.visibility.federates:
        outbox.put(
            tx,
            RsvpTallyChanged(event.id),
            due=tx.now + TALLY_WINDOW,
            coalesce=f"tally {event.id}",
        )
