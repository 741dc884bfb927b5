"""What somebody does with their own answer, on the page that only they can open.

Called by `web.members`, inside its transaction, which has made sure who asks: the holder of a
link, or nobody yet. Every answer enters the one room, `services.rsvps`. A mail address is a
stranger's until its mailbox says otherwise: until then it gets one question and nothing else
(ABU-04). It can be corrected until then, and when mail to it is refused; what was sent to the old
one opens nothing any more, so that a yes can't be passed on to another address.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from fedi_chapter.core.errors import Conflict, FormInvalid, Missing
from fedi_chapter.core.graphemes import is_visible
from fedi_chapter.core.names import ascii_mail_address
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.rsvp import Party, Rsvp, RsvpId, RsvpStatus, Saying, Verdict
from fedi_chapter.services import rsvps as room
from fedi_chapter.services.notices import tell
from fedi_chapter.services.rsvps import Response
from fedi_chapter.store import notices, rsvps, tallies
from fedi_chapter.store.tx import ReadTx, WriteTx

LONGEST_NAME = 80
LONGEST_EMAIL = 254
MOST_ADDRESSES = 5
"""How many addresses one answer may name, one after the other: each is asked."""
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+",
    re.IGNORECASE | re.ASCII,
)
_STANDING = {
    RsvpStatus.GOING: NoticeKind.GOING,
    RsvpStatus.MAYBE: NoticeKind.MAYBE,
    RsvpStatus.PENDING: NoticeKind.PENDING,
    RsvpStatus.WAITLIST: NoticeKind.WAITLIST,
}
"""What a mailbox that was just confirmed is told first: how its owner stands."""


Judge = Callable[[Event, Rsvp | None, Saying], bool]
"""Tells whether an answer looks like a flood, by how the same person stood before."""


def _trusted(_event: Event, _before: Rsvp | None, _saying: Saying) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody without an account, as they call themselves."""

    name: str
    email: str = ""
    language: str | None = None


def answer_as_guest(
    tx: WriteTx, event: Event, guest: Guest, saying: Saying, is_suspect: Judge = _trusted
) -> Response:
    """Take the answer of somebody new; where heads are only counted, nothing else of them.

    Who sends a form twice is one person, as long as nobody has opened the page it led to. What
    `is_suspect` gets no seat without an organizer's yes.

    Raises:
        FormInvalid: the name is missing, or the address is none.

    """
    party = Party(key=f"alias:{tx.new_id()}", language=guest.language)
    if not event.counts_only:
        name = one_line(guest.name, LONGEST_NAME)
        if not is_visible(name):
            raise FormInvalid(
                "the name is missing",
                cure="please tell us what we may call you",
                field="name",
            )
        party = replace(party, name=name, email=_address(guest.email) if guest.email else None)
    sent = _sent_before(tx, event, party, saying)
    saying = replace(saying, is_suspect=is_suspect(event, sent, saying))
    if sent is not None:
        return room.respond_again(tx, event, sent, saying)
    response = room.respond(tx, event, party, saying)
    if party.email and response.verdict is Verdict.CHANGED:
        _ask(tx, response.rsvp)
    return response


def _sent_before(tx: WriteTx, event: Event, party: Party, saying: Saying) -> Rsvp | None:
    """Return the answer that the same form brought a moment ago, in the same person's name."""
    if saying.form_number is None:
        return None
    tallies.lock(tx, event.id)
    sent = rsvps.by_form(tx, event.id, saying.form_number)
    is_same = sent is not None and (sent.name, sent.email) == (party.name, party.email)
    return sent if is_same else None


def page_opened(tx: WriteTx, event: Event, rsvp: Rsvp) -> None:
    """Note that the page of an answer was opened: the form it came by leads nobody there again."""
    known = room.held(tx, event, rsvp)
    if known is not None and known.form_number is not None:
        rsvps.change(tx, replace(known, form_number=None))


def take_email(tx: WriteTx, event: Event, rsvp: Rsvp, email: str) -> None:
    """Take an address, the first or a better one, and ask its mailbox; raises as these two do."""
    if rsvp.email is None:
        add_email(tx, event, rsvp, email)
    else:
        correct_email(tx, event, rsvp, email)


def add_email(tx: WriteTx, event: Event, rsvp: Rsvp, email: str) -> None:
    """Take an address, and ask its mailbox whether it wants our mail.

    Raises:
        FormInvalid: it is none.
        Conflict: there is another way to tell this person already, or none is wanted.
        Missing: the answer was erased just now.

    """
    known = _held(tx, event, rsvp)
    if not may_add_email(event, known):
        raise Conflict("this answer takes no mail address")
    after = replace(known, email=_address(email))
    rsvps.change(tx, after)
    _ask(tx, after)


def may_add_email(event: Event, rsvp: Rsvp) -> bool:
    """Tell whether somebody may name an address: once, and only who has no other way."""
    return not event.counts_only and rsvp.actor_uri is None and rsvp.email is None


def correct_email(tx: WriteTx, event: Event, rsvp: Rsvp, email: str) -> None:
    """Take another address instead of one that is not confirmed or refuses our mail; ask it.

    Raises:
        FormInvalid: it is none.
        Conflict: the address is right as it is, or was corrected too often.
        Missing: the answer was erased just now.

    """
    known = _held(tx, event, rsvp)
    if not known.email_is_doubtful:
        raise Conflict("this answer takes no other mail address")
    address = _address(email)
    if known.email_turn >= MOST_ADDRESSES:
        raise Conflict(
            "this answer has had several mail addresses",
            cure="answer the event once more, with the right one",
        )
    notices.withdraw(tx, known.id, "the address was corrected")
    after = replace(
        known,
        key=f"alias:{tx.new_id()}" if known.email_confirmed_at else known.key,
        email=address,
        email_confirmed_at=None,
        email_refused_at=None,
        email_turn=known.email_turn + 1,
    )
    rsvps.change(tx, after)
    _ask(tx, after)


def mail_ended(tx: WriteTx, rsvp_id: RsvpId, address: str, *, refused: bool) -> None:
    """Note whether the mail server of an answer's address took our mail for it."""
    found = rsvps.get(tx, rsvp_id)
    if found is None or (found.email_refused_at is not None) is refused:
        return
    tallies.lock(tx, found.event_id)
    known = rsvps.get(tx, rsvp_id)
    if known is not None and known.email is not None and known.email.lower() == address.lower():
        rsvps.change(tx, replace(known, email_refused_at=tx.now if refused else None))


def confirm_email(tx: WriteTx, event: Event, rsvp: Rsvp) -> Rsvp:
    """Believe that the address of an answer is its owner's; return the answer that counts.

    The caller has seen what was sent to that address alone. One mailbox has one answer to an
    event: the newer, unless the older one has the seat the newer waits for.

    Raises:
        Missing: the answer was erased just now.

    """
    rsvp = _held(tx, event, rsvp)
    if rsvp.email is None or rsvp.email_confirmed_at is not None:
        return rsvp
    key = f"mailto:{rsvp.email.lower()}"
    older = rsvps.find(tx, event.id, key)
    if older is not None and older.has_seat and not rsvp.has_seat and _wants_in(rsvp):
        forget(tx, event, rsvp)
        return older
    if older is not None:
        forget(tx, event, older)
    rsvp = rsvps.get(tx, rsvp.id) or rsvp  # a seat the older one gave back may be theirs now
    confirmed = replace(rsvp, key=key, email_confirmed_at=tx.now)
    rsvps.change(tx, confirmed)
    if confirmed.status in _STANDING and event.over_at > tx.now and event.takes_place:
        tell(tx, confirmed, _STANDING[confirmed.status])
    return confirmed


def forget(tx: WriteTx, event: Event, rsvp: Rsvp) -> None:
    """Erase an answer and what waits to be told about it; the seat is free again."""
    notices.withdraw(tx, rsvp.id, "the answer was erased")
    room.forget(tx, event, rsvp)


def answer_of(tx: ReadTx, event: Event, party: Party) -> Rsvp | None:
    """Return what somebody answered to an event that is ahead."""
    if event.over_at <= tx.now:
        return None
    return rsvps.find(tx, event.id, room.key_of(tx, event, party))


def _held(tx: WriteTx, event: Event, rsvp: Rsvp) -> Rsvp:
    known = room.held(tx, event, rsvp)
    if known is None:
        raise Missing("this answer was erased")
    return known


def _wants_in(rsvp: Rsvp) -> bool:
    return rsvp.status in (RsvpStatus.WAITLIST, RsvpStatus.PENDING)


def _ask(tx: WriteTx, rsvp: Rsvp) -> None:
    once = f"{rsvp.id} {NoticeKind.CONFIRM_MAIL} {rsvp.email_turn}"
    tell(tx, rsvp, NoticeKind.CONFIRM_MAIL, once=once)


def _address(text: str) -> str:
    email = ascii_mail_address(text.strip())
    if len(email) > LONGEST_EMAIL or ".." in email or not _EMAIL.fullmatch(email):
        raise FormInvalid(
            "that is not a mail address",
            cure="write it like me@my.server, or leave it out",
            field="email",
        )
    return email
