"""A person's own page about one event, behind a link that only they have.

Whoever holds the link may read, change and erase the answer: it is the key, there is no other.
An unknown, a dead and a forged link look the same (PRIV-04, -08), and nothing here is kept by
any cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import Conflict, FormInvalid, Missing
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.event_message import EventMessage
from fedi_chapter.domain.rsvp import (
    MOST_GUESTS,
    RANKS,
    Route,
    Rsvp,
    RsvpId,
    RsvpStatus,
    Saying,
    terms,
)
from fedi_chapter.feeds.ics import write_calendar
from fedi_chapter.services import own_rsvps, rsvps
from fedi_chapter.services.members import as_it_stands
from fedi_chapter.services.notices import CONCERNED
from fedi_chapter.services.places import Private, told_place
from fedi_chapter.store import event_messages, events, mail_stops
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.rsvps import get, place_in_line
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.web.door_pass import DoorPass, door_pass
from fedi_chapter.web.members import device
from fedi_chapter.web.members.answers import answer_in
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.network_guests import brings_too_many
from fedi_chapter.web.private import form_of, ours, to, word
from fedi_chapter.web.same_site import check_same_site
from fedi_chapter.web.templating import NO_STORE, render

CALENDAR = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class OwnPage:
    """An answer as its owner sees it."""

    site: Site
    event: Event
    rsvp: Rsvp
    link: str
    """Where the forms of the page go."""
    line: int
    """The place in line; 0 for who does not wait for a seat."""
    told: Private
    """The exact place and the online address, where they are not for all and this person may
    know."""
    place_link: str
    is_open: bool
    """Whether the answer can still be changed to yes."""
    is_over: bool
    asks_to_confirm: bool
    takes_mail: bool
    corrects_mail: bool
    """The address may be wrong, and can be corrected."""
    wants_no_mail: bool
    """All mail to the address was stopped by a link in one."""
    door_pass: DoorPass | None
    """What they show at the door, while they are expected there."""
    messages: list[EventMessage]
    """What the organizers wrote to everybody who may come, the last first."""
    done: str
    problem: FormInvalid | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    """What stood in the form that could not be used."""

    @property
    def most_guests(self) -> int:
        """How many people one may bring."""
        return MOST_GUESTS


@dataclass(frozen=True, slots=True)
class PlacePage:
    """Where an event meets, for one who has a seat."""

    site: Site
    event: Event
    told: Private


@dataclass(frozen=True, slots=True)
class ForgottenPage:
    """That an answer is gone, and what is not ours to erase."""

    site: Site
    event: Event
    had_account: bool


async def own_page(request: Request) -> Response:
    """Show somebody their own answer."""
    deps = deps_of(request)
    rsvp, event, _ = await deps.db.read(lambda tx: _known(tx, deps, request))
    if rsvp.form_number is not None:
        await deps.db.write(lambda tx: own_rsvps.page_opened(tx, event, rsvp))
    return await _show(request, done=request.query_params.get("done", ""))


async def change(request: Request) -> Response:
    """Change the answer, or take it back."""
    check_same_site(request)
    deps = deps_of(request)
    async with form_of(request) as form:
        try:
            said, guests = answer_in(form)
        except FormInvalid as problem:
            typed = {"guests": word(form, "guests")}
            return await _show(request, problem=problem, typed=typed)

    def work(tx: WriteTx) -> tuple[Event, rsvps.Response]:
        rsvp, event, _ = _known(tx, deps, request)
        route = Route.ACCOUNT if rsvp.actor_uri else Route.WEB
        saying = Saying(said, route, tx.now, RANKS[said], guests)
        if route is Route.WEB:
            suspect = brings_too_many(request, event, rsvp, saying)
            saying = replace(saying, is_suspect=suspect)
        return event, rsvps.respond_again(tx, event, rsvp, saying)

    event, response = await deps.db.write(work)
    leads = _back(request, response.refusal or "answered")
    device.remember(leads, deps, event, response.rsvp.id)
    return leads


async def mute(request: Request) -> Response:
    """Send no reminders, or send them again."""
    check_same_site(request)
    deps = deps_of(request)
    async with form_of(request) as form:
        muted = bool(word(form, "muted"))

    def work(tx: WriteTx) -> None:
        rsvp, event, _ = _known(tx, deps, request)
        rsvps.mute(tx, event, rsvp, muted=muted)

    await deps.db.write(work)
    return _back(request, "muted" if muted else "unmuted")


async def add_email(request: Request) -> Response:
    """Take a mail address, or a better one, and ask its mailbox."""
    check_same_site(request)
    deps = deps_of(request)
    async with form_of(request) as form:
        email = word(form, "email")

    def work(tx: WriteTx) -> None:
        rsvp, event, _ = _known(tx, deps, request)
        if deps.mailer is None:
            raise Conflict("this chapter sends no mail")
        own_rsvps.take_email(tx, event, rsvp, email)

    try:
        await deps.db.write(work)
    except FormInvalid as problem:
        return await _show(request, problem=problem, typed={"email": email})
    return _back(request, "asked")


async def confirm_email(request: Request) -> Response:
    """Believe the mail address, if the link that asks came out of its mailbox.

    A button and not the link itself: mail programs open links before anybody reads them.
    """
    check_same_site(request)
    deps = deps_of(request)

    def work(tx: WriteTx) -> Rsvp:
        rsvp, event, turn = _known(tx, deps, request)
        if turn != rsvp.email_turn:
            raise Missing("there is no such page")
        return own_rsvps.confirm_email(tx, event, rsvp)

    rsvp = await deps.db.write(work)
    return to(f"/rsvp/{deps.links.make('rsvp', rsvp.id, rsvp.email_turn)}?done=confirmed")


async def forget(request: Request) -> Response:
    """Erase the answer, if its owner ticked that they mean it."""
    check_same_site(request)
    deps = deps_of(request)
    async with form_of(request) as form:
        if not word(form, "sure"):
            return _back(request, "unsure")

    def work(tx: WriteTx) -> ForgottenPage:
        rsvp, event, _ = _known(tx, deps, request)
        own_rsvps.forget(tx, event, rsvp)
        return ForgottenPage(site(tx), event, rsvp.actor_uri is not None)

    page = await deps.db.write(work)
    response = ours(render(request, "members/forgotten.html", page, keep=False))
    device.forget(response, deps, page.event.id)
    return response


async def own_ics(request: Request) -> Response:
    """Serve the event as a calendar file, as it stands for this person."""
    deps = deps_of(request)

    def work(tx: ReadTx) -> bytes:
        rsvp, event, _ = _known(tx, deps, request)
        if event.deleted_at is not None:
            raise Missing("there is no such page")
        return write_calendar(site(tx).chapter.name, [as_it_stands(tx, event, rsvp)], deps.urls)

    response = ours(Response(await deps.db.read(work), media_type=CALENDAR))
    response.headers["Content-Disposition"] = 'attachment; filename="event.ics"'
    return response


async def exact_place(request: Request) -> Response:
    """Show where an event meets, as long as the answer behind the link has its seat."""
    deps = deps_of(request)
    known = deps.links.read("place", str(request.path_params["token"]))

    def work(tx: ReadTx) -> PlacePage:
        rsvp = get(tx, RsvpId(known[0])) if known else None
        event = events.get(tx, rsvp.event_id) if rsvp else None
        if not known or not rsvp or not event or rsvp.turn != known[1]:
            raise Missing("there is no such page")
        told = told_place(tx, event, rsvp)
        if not told:
            raise Missing("there is no such page")
        return PlacePage(site(tx), event, told)

    page = await deps.db.read(work)
    response = render(request, "members/place.html", page, keep=False)
    response.headers["Cache-Control"] = NO_STORE
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def _show(
    request: Request,
    *,
    done: str = "",
    problem: FormInvalid | None = None,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    deps = deps_of(request)
    page = await deps.db.read(lambda tx: _page(tx, deps, request, done))
    page = replace(page, problem=problem, typed=typed)
    status = 422 if problem else 200
    return ours(render(request, "members/rsvp.html", page, status=status, keep=False))


def _known(tx: ReadTx, deps: Deps, request: Request) -> tuple[Rsvp, Event, int]:
    """Return the answer a link is for, its event, and how the link was handed out.

    A link sent by mail has the turn of the address as it was then; others have 0.

    Raises:
        Missing: nobody was given such a link, the answer is erased, or the address it was sent
            to has been corrected.

    """
    known = deps.links.read("rsvp", str(request.path_params["token"]))
    rsvp = get(tx, RsvpId(known[0])) if known else None
    event = events.get(tx, rsvp.event_id) if rsvp else None
    if known is None or rsvp is None or event is None:
        raise Missing("there is no such page")
    if known[1] not in (0, rsvp.email_turn):
        raise Missing("there is no such page")
    return rsvp, event, known[1]


def _page(tx: ReadTx, deps: Deps, request: Request, done: str) -> OwnPage:
    rsvp, event, turn = _known(tx, deps, request)
    allowed = terms(event, tx.now)
    told = told_place(tx, event, rsvp)
    token = deps.links.make("place", rsvp.id, rsvp.turn)
    unconfirmed = rsvp.email is not None and rsvp.email_confirmed_at is None
    return OwnPage(
        site=site(tx),
        event=event,
        rsvp=rsvp,
        link=f"/rsvp/{request.path_params['token']}",
        line=place_in_line(tx, rsvp) if rsvp.status is RsvpStatus.WAITLIST else 0,
        told=told,
        place_link=deps.urls.exact_place(token) if told else "",
        is_open=allowed.is_on and not allowed.is_cancelled and not allowed.is_closed,
        is_over=allowed.is_over,
        asks_to_confirm=unconfirmed and turn == rsvp.email_turn,
        takes_mail=deps.mailer is not None and own_rsvps.may_add_email(event, rsvp),
        corrects_mail=deps.mailer is not None and rsvp.email_is_doubtful,
        wants_no_mail=rsvp.email is not None and mail_stops.is_on(tx, deps.mail_trace(rsvp.email)),
        door_pass=door_pass(deps, rsvp.id) if _is_expected(event, rsvp, tx) else None,
        messages=event_messages.of_event(tx, event.id) if rsvp.status in CONCERNED else [],
        done=done,
    )


def _is_expected(event: Event, rsvp: Rsvp, tx: ReadTx) -> bool:
    """Tell whether they are let in at the door: who waits for a seat or a yes is not, so far."""
    is_ahead = event.over_at > tx.now and not event.is_cancelled and event.deleted_at is None
    return is_ahead and rsvp.status in (RsvpStatus.GOING, RsvpStatus.MAYBE)


def _back(request: Request, done: str) -> Response:
    return to(f"/rsvp/{request.path_params['token']}?done={done}")
