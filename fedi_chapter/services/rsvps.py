"""RSVPs: the one room that every way in leads to.

Called by inbox handlers, pages and the command line, inside their transaction. What an answer
means is decided in `domain.rsvp`; here it is stored, counted, and written down for those who
must hear of it. Every function takes the event's lock first, so no seat is given away twice.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from fedi_chapter.core.errors import Conflict, Missing
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
    seat,
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
    event, tally = _locked(tx, event)
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
            _put(tx, known, _stored(after, event))
        case Verdict.CHANGED:
            after = _changed(tx, _heard(person, saying), decision.status, decision.guests)
            _put(tx, known, _stored(after, event))
            _tell_change(tx, event, _told_as(after, party))
            _end_join(tx, event, known, after)
            promote(tx, event)
    _answer_join(tx, event, party, saying, after)
    return Response(after, decision.verdict)


def approve(tx: WriteTx, event: Event, rsvp_id: RsvpId) -> Rsvp:
    """Let somebody in who waits for an organizer's yes: a seat, or a place in line.

    Raises:
        Missing: there is no such answer to this event.
        Conflict: it does not wait, or no seat is free where heads are only counted.

    """
    event, tally = _locked(tx, event)
    waiting = _waiting(tx, event, rsvp_id)
    after = _seat(tx, event, replace(waiting, approved=True), tally)
    if after.status is RsvpStatus.PENDING:
        raise Conflict(
            "no seat is free, and where heads are only counted nobody can stand in line",
            cure="raise the number of seats (--capacity) first",
        )
    return after


def decline(tx: WriteTx, event: Event, rsvp_id: RsvpId) -> Rsvp:
    """Say no to somebody who waits for an organizer, or take a seat back.

    Raises:
        Missing: there is no such answer to this event.
        Conflict: it neither waits nor has a seat.

    """
    event, _ = _locked(tx, event)
    before = rsvps.get(tx, rsvp_id)
    if before is None or before.event_id != event.id:
        raise Missing("nobody answered under that id", cure="`event rsvps ID` shows who did")
    if before.status not in (RsvpStatus.PENDING, RsvpStatus.WAITLIST, RsvpStatus.GOING):
        raise Conflict("this person neither has a seat nor waits for one")
    after = _changed(tx, replace(before, approved=False), RsvpStatus.NO, 0)
    _put(tx, before, after)
    _tell_others(tx, event, after, NoticeKind.DECLINED, "Reject")
    tally_changed(tx, event)
    promote(tx, event)
    return after


def promote(tx: WriteTx, event: Event) -> list[Rsvp]:
    """Give free seats to those who wait, first come first served; return who got one."""
    promoted: list[Rsvp] = []
    if event.is_cancelled or event.over_at <= tx.now:
        return promoted
    while (tally := tallies.get(tx, event.id)).waitlist:
        first = rsvps.first_in_line(tx, event.id, event.capacity)
        if first is None or not tally.seats.fit(first.heads, event.capacity):
            break
        after = _changed(tx, first, RsvpStatus.GOING, first.guests)
        _put(tx, first, after)
        _tell_others(tx, event, after, NoticeKind.PROMOTED, "Accept")
        promoted.append(after)
    if promoted:
        tally_changed(tx, event)
    return promoted


def resettle(tx: WriteTx, old: Event, new: Event) -> None:
    """See who gets a seat after the terms of an event have changed from `old` to `new`.

    When approval has ended, who waited for it is let in; when it has begun, who stands in line
    waits for it too, and a yes gives the place back. Nobody who has a seat loses it.
    """
    tallies.lock(tx, new.id)
    if old.approval and not new.approval:
        for waiting in rsvps.waiting(tx, new.id, RsvpStatus.PENDING):
            _seat(tx, new, replace(waiting, approved=True), tallies.get(tx, new.id))
    if new.approval and not old.approval:
        for waiting in rsvps.waiting(tx, new.id, RsvpStatus.WAITLIST):
            _ask_for_yes(tx, new, waiting)
    promote(tx, new)


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


def _locked(tx: WriteTx, event: Event) -> tuple[Event, tallies.Tally]:
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
        route=saying.route,
        said_at=saying.at,
        said_rank=saying.rank,
        said_guests=saying.guests,
        activity_id=saying.activity_id or rsvp.activity_id,
        note=saying.note or rsvp.note,
        form_number=saying.form_number,
    )


def _changed(tx: WriteTx, rsvp: Rsvp, status: RsvpStatus, guests: int) -> Rsvp:
    waits = status in (RsvpStatus.PENDING, RsvpStatus.WAITLIST)
    return replace(
        rsvp,
        status=status,
        guests=guests,
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


def _put(tx: WriteTx, before: Rsvp | None, after: Rsvp) -> None:
    if before is None:
        rsvps.insert(tx, after)
    else:
        rsvps.change(tx, after)
    tallies.move(tx, after.event_id, before, after)


def _seat(tx: WriteTx, event: Event, waiting: Rsvp, tally: tallies.Tally) -> Rsvp:
    decision = seat(waiting.guests, terms(event, tx.now), tally.seats, RsvpStatus.PENDING)
    if decision.refusal is not None:
        return waiting
    after = _changed(tx, waiting, decision.status, waiting.guests)
    _put(tx, waiting, after)
    if after.status is RsvpStatus.GOING:
        _tell_others(tx, event, after, NoticeKind.PROMOTED, "Accept")
    else:
        _tell_others(tx, event, after, NoticeKind.WAITLIST, None)
    tally_changed(tx, event)
    return after


def _ask_for_yes(tx: WriteTx, event: Event, in_line: Rsvp) -> None:
    """Have somebody wait for an organizer, unless one said yes or wrote the name down."""
    if in_line.approved or in_line.route is Route.HAND:
        return
    after = _changed(tx, in_line, RsvpStatus.PENDING, in_line.guests)
    _put(tx, in_line, after)
    _tell_change(tx, event, after)


def _waiting(tx: ReadTx, event: Event, rsvp_id: RsvpId) -> Rsvp:
    found = rsvps.get(tx, rsvp_id)
    if found is None or found.event_id != event.id:
        raise Missing("nobody answered under that id", cure="`event rsvps ID` shows who did")
    if found.status is not RsvpStatus.PENDING:
        raise Conflict("this person does not wait for a yes")
    return found


def _tell_change(tx: WriteTx, event: Event, after: Rsvp) -> None:
    tell(tx, after, _TOLD[after.status])
    tally_changed(tx, event)


def _tell_others(
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
    who = sha256(f"{event.id} {person.key}".encode()).hexdigest()
    once = f"{who} refused {refusal} {person.turn}"
    told_as = _told_as(person, party)
    tell(tx, told_as, NoticeKind.REFUSED, once=once, facts={"refusal": refusal.value})


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
