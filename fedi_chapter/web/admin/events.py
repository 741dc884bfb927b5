"""The organizers' pages of events: who comes, who waits, and what is told to them.

A button is a form, checked by `console.action`; the work itself is a service's. Who only stands
at the door finds the way there in the list, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import ChapterError, ConfirmationNeeded, Conflict, FormInvalid
from fedi_chapter.core.log import get_logger
from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.event_message import EventMessage
from fedi_chapter.domain.organizer import Organizer, Right
from fedi_chapter.domain.rsvp import MOST_GUESTS, Answer, RsvpId
from fedi_chapter.feeds.attendee_list import attendee_list
from fedi_chapter.services import approval, attendees, events, messages
from fedi_chapter.services.attendees import ByHand
from fedi_chapter.services.event_fields import MOST_SEATS, EventFields
from fedi_chapter.services.messages import Report
from fedi_chapter.store import event_messages
from fedi_chapter.store.pages.attendees import attendees as people_of
from fedi_chapter.store.pages.event_desk import EventDesk, HostedEvent, event_desk, hosted
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.web.admin.console import action
from fedi_chapter.web.admin.guard import event_named, page, sees_door
from fedi_chapter.web.admin.session import Visitor
from fedi_chapter.web.form_fields import choice_in, number_in
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import ours, to, word
from fedi_chapter.web.templating import render

_log = get_logger(__name__)
_BY_HAND = (Answer.GOING, Answer.MAYBE, Answer.NO)
"""What somebody can be written down with."""


@dataclass(frozen=True, slots=True)
class EventsPage:
    """The list of events; what leads where depends on the role."""

    site: Site
    organizer: Organizer
    coming: list[HostedEvent]
    past: list[HostedEvent]
    csrf: str

    @property
    def hosts(self) -> bool:
        """Tell whether names and messages are theirs to see."""
        return self.organizer.may(Right.HOST)

    @property
    def greets(self) -> bool:
        """Tell whether they may stand at the door."""
        return self.organizer.may(Right.GREET)


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that could not be used."""

    form: str
    """Which of the page's: the last part of the address it goes to."""
    typed: Mapping[str, str]
    """What stood in it."""
    problem: ChapterError

    @property
    def asks_again(self) -> bool:
        """Tell whether a second yes is all that is missing."""
        return isinstance(self.problem, ConfirmationNeeded)


@dataclass(frozen=True, slots=True)
class EventDeskPage:
    """One event, its people, and what they were told."""

    site: Site
    csrf: str
    desk: EventDesk
    messages: list[tuple[EventMessage, Report]]
    done: str
    """What the button just pressed did."""
    refused: Refused | None = None
    """Why it did nothing."""
    undo: Attendee | None = None
    """Whose seat was just taken back, and can be given back."""

    @property
    def most_guests(self) -> int:
        """How many people one may bring."""
        return MOST_GUESTS

    @property
    def most_seats(self) -> int:
        """How many seats an event may have."""
        return MOST_SEATS

    def typed(self, form: str, name: str, otherwise: str = "") -> str:
        """Return what stood in a field of a form that was refused."""
        known = self.refused if self.refused and self.refused.form == form else None
        return known.typed.get(name, "") if known else otherwise

    def problem(self, form: str) -> ChapterError | None:
        """Return what is wrong with a field of a form."""
        known = self.refused
        is_its = known is not None and known.form == form and isinstance(known.problem, FormInvalid)
        return known.problem if known and is_its else None


@dataclass(frozen=True, slots=True)
class TakingBackPage:
    """The question whether a seat is really to be taken back."""

    site: Site
    csrf: str
    event: Event
    person: Attendee

    @property
    def can_be_told(self) -> bool:
        """Tell whether the person hears of it from us."""
        return self.person.can_be_told and not self.event.counts_only


@page(None)
async def listing(request: Request, who: Visitor) -> Response:
    """List the events that come, and those that lately were; for greeters, today's."""

    def read(tx: ReadTx) -> EventsPage:
        around = site(tx)
        coming, past = hosted(tx, around.chapter.id)
        if not (who.organizer.may(Right.HOST) or who.organizer.may(Right.MODERATE)):
            coming = [each for each in coming + past if sees_door(who, each.event, tx.now)]
            past = []
        return EventsPage(around, who.organizer, coming, past, who.csrf)

    shown = await deps_of(request).db.read(read)
    return ours(render(request, "admin/events.html", shown, keep=False))


@page(Right.HOST)
async def event_page(request: Request, who: Visitor) -> Response:
    """Show who comes to an event."""
    return await _show(request, who, done=request.query_params.get("done", ""))


@action(Right.HOST)
async def approve(request: Request, form: FormData, who: Visitor) -> Response:
    """Say yes to somebody who asked."""
    rsvp_id = RsvpId(word(form, "rsvp"))

    def write(tx: WriteTx) -> object:
        return approval.approve(tx, event_named(tx, request), rsvp_id)

    return await _do(request, form, who, "approved", write)


@action(Right.HOST)
async def decline(request: Request, form: FormData, who: Visitor) -> Response:
    """Say no to somebody, or only to more guests, or take a seat back."""
    rsvp_id, only_guests = RsvpId(word(form, "rsvp")), bool(word(form, "guests"))
    asked = await deps_of(request).db.read(lambda tx: _taking_back(tx, request, rsvp_id, who))
    if asked and asked.person.rsvp.has_seat and not (only_guests or word(form, "sure")):
        return ours(render(request, "admin/take_back.html", asked, status=409, keep=False))
    verb = approval.decline_guests if only_guests else approval.decline
    return await _do(
        request,
        form,
        who,
        "declined" if asked and asked.can_be_told else "untold",
        lambda tx: verb(tx, event_named(tx, request), rsvp_id),
        undo="" if only_guests else rsvp_id,
    )


def _taking_back(
    tx: ReadTx, request: Request, rsvp_id: RsvpId, who: Visitor
) -> TakingBackPage | None:
    event = event_named(tx, request)
    people = people_of(tx, event.id, mail=deps_of(request).trace_of_mail)
    found = next((each for each in people if each.rsvp.id == rsvp_id), None)
    return TakingBackPage(site(tx), who.csrf, event, found) if found else None


@action(Right.HOST)
async def add(request: Request, form: FormData, who: Visitor) -> Response:
    """Write somebody down by hand."""

    def write(tx: WriteTx) -> object:
        event = event_named(tx, request)
        person = ByHand(
            name=word(form, "name"),
            answer=choice_in(form, "answer", _BY_HAND),
            guests=number_in(form, "guests", most=MOST_GUESTS) or 0,
            email=word(form, "email").strip(),
        )
        return attendees.write_down(tx, event, person)

    return await _do(request, form, who, "added", write)


@action(Right.HOST)
async def correct_mail(request: Request, form: FormData, who: Visitor) -> Response:
    """Take the right mail address of somebody; its mailbox is asked first."""
    rsvp_id, email = RsvpId(word(form, "rsvp")), word(form, "email")

    def write(tx: WriteTx) -> object:
        return attendees.correct_email(tx, event_named(tx, request), rsvp_id, email)

    return await _do(request, form, who, "asked", write)


@action(Right.HOST)
async def seats(request: Request, form: FormData, who: Visitor) -> Response:
    """Raise or lower the number of seats; none given takes the limit away."""
    urls = deps_of(request).urls

    def write(tx: WriteTx) -> object:
        event = event_named(tx, request)
        limit = number_in(form, "seats", least=1, most=MOST_SEATS)
        return events.edit_event(tx, event.id, EventFields(capacity=limit or 0), urls)

    return await _do(request, form, who, "seats", write)


@action(Right.HOST)
async def tell(request: Request, form: FormData, who: Visitor) -> Response:
    """Tell everybody who may come something; a second urgent word in a week needs a second yes."""
    text, urgent, again = word(form, "text"), word(form, "urgent"), word(form, "again")

    def write(tx: WriteTx) -> EventMessage:
        event = event_named(tx, request)
        return messages.message_attendees(
            tx, event.id, text, urgent=bool(urgent), confirm_urgent=bool(again)
        )

    return await _do(request, form, who, "told", write)


@action(Right.HOST)
async def export(request: Request, form: FormData, who: Visitor) -> Response:
    """Give out the list of attendees as a file, and write down who asked for it."""
    desk = await deps_of(request).db.read(lambda tx: event_desk(tx, event_named(tx, request)))
    event = desk.event
    _log.warning("attendees exported", of=event.id, people=len(desk.people), by=who.organizer.name)
    file = f"attendees-{event.starts_at.astimezone(event.zone):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    text = attendee_list(event, desk.people).encode("utf-8-sig")
    return ours(Response(text, media_type="text/csv", headers=headers))


async def _do(
    request: Request,
    form: FormData,
    who: Visitor,
    done: str,
    write: Callable[[WriteTx], object],
    *,
    undo: str = "",
) -> Response:
    """Do one thing to an event and come back to it; what can't be done is said on the page."""
    try:
        await deps_of(request).db.write(write)
    except (Conflict, FormInvalid) as error:
        typed = {name: word(form, name) for name in form}
        refused = Refused(request.url.path.rpartition("/")[2], typed, error)
        return await _show(request, who, refused=refused)
    said = {"done": done, **({"undo": undo} if undo else {})}
    return to(f"/admin/events/{request.path_params['event']}?{urlencode(said)}")


async def _show(
    request: Request,
    who: Visitor,
    *,
    done: str = "",
    refused: Refused | None = None,
) -> Response:
    deps = deps_of(request)

    def read(tx: ReadTx) -> EventDeskPage:
        event = event_named(tx, request)
        told = [
            (each, messages.report(tx, event.id, deps.urls, each.id))
            for each in event_messages.of_event(tx, event.id)
        ]
        desk = event_desk(tx, event, mail=deps.trace_of_mail)
        undo = request.query_params.get("undo", "")
        taken = [each for each in desk.people if each.rsvp.id == undo and each.rsvp.was_declined]
        return EventDeskPage(
            *(site(tx), who.csrf, desk, told, done, refused),
            undo=taken[0] if taken else None,
        )

    shown = await deps.db.read(read)
    status = refused.problem.status if refused else 200
    return ours(render(request, "admin/event.html", shown, status=status, keep=False))
