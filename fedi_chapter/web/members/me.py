"""A member's own page: their answers, their calendar, what we hold of them, and the way out.

Every button is a form and every form an `action`; the work itself is a service's.
"""

from dataclasses import dataclass, replace

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.member import Member
from fedi_chapter.domain.rsvp import MOST_GUESTS, RANKS, Route, Rsvp, Saying, terms
from fedi_chapter.services import erasure, members, rsvps
from fedi_chapter.store import calendar_feeds, holdings, member_sessions
from fedi_chapter.store.holdings import HOLDINGS, Fate
from fedi_chapter.store.pages.event import readable_event
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.web.members import session
from fedi_chapter.web.members.answers import answer_in, guest_in
from fedi_chapter.web.members.session import Visitor, action
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import ours, to, word
from fedi_chapter.web.templating import render


@dataclass(frozen=True, slots=True)
class Answered:
    """One event a member answered, and how."""

    event: Event
    rsvp: Rsvp
    page: str
    """Their own page about it."""
    is_open: bool
    is_over: bool
    """Whether the answer can still be changed."""


@dataclass(frozen=True, slots=True)
class MePage:
    """Everything on a member's own page."""

    site: Site
    member: Member
    csrf: str
    answers: list[Answered]
    calendar: str
    """The secret address of their feed; empty before they wanted one."""
    held: dict[Fate, dict[str, int]]
    """How many rows name them, by what becomes of these and by holding."""
    browsers: int
    done: str
    """What the button just pressed did."""
    problem: FormInvalid | None = None
    wrong: EventId | None = None
    """The event whose form could not be used."""
    typed: str = ""
    """The number of guests that stood in it."""

    @property
    def most_guests(self) -> int:
        """How many people one may bring."""
        return MOST_GUESTS


async def me(request: Request) -> Response:
    """Show a member their own page; everybody else the door."""
    who = await session.visitor(request)
    if who is None:
        return to("/sign-in?next=/me")
    return await _show(request, who, done=request.query_params.get("done", ""))


@action
async def answer(request: Request, form: FormData, who: Visitor) -> Response:
    """Say, change or take back whether one comes."""
    event_id, typed = EventId(word(form, "event")), word(form, "guests")
    try:
        chosen, guests = answer_in(form)
    except FormInvalid as problem:
        return await _show(request, who, problem=problem, wrong=event_id, typed=typed)

    def respond(tx: WriteTx) -> rsvps.Response:
        party = members.party(who.member.actor_uri, guest_in(request, form).language)
        known = members.answers_of(tx, party.key)
        event = next((event for event, _ in known if event.id == event_id), None)
        saying = Saying(chosen, Route.ACCOUNT, tx.now, RANKS[chosen], guests)
        return rsvps.respond(tx, event or readable_event(tx, event_id), party, saying)

    response = await deps_of(request).db.write(respond)
    return to(f"/me?done={response.refusal or 'answered'}")


@action
async def new_calendar(request: Request, _: FormData, who: Visitor) -> Response:
    """Make the address of the member's own calendar, or another one: the old one ends."""
    await deps_of(request).db.write(lambda tx: calendar_feeds.renew(tx, who.member.actor_uri))
    return to("/me?done=calendar")


@action
async def erase(request: Request, form: FormData, who: Visitor) -> Response:
    """Forget the member, if they ticked that they mean it."""
    if not word(form, "sure"):
        return to("/me?done=unsure")
    deps = deps_of(request)
    await deps.db.write(lambda tx: erasure.forget_person(tx, who.member.actor_uri))
    return _out(deps, "/sign-in?done=erased")


@action
async def sign_out(request: Request, form: FormData, who: Visitor) -> Response:
    """End the session, or all of the member's."""
    deps, everywhere = deps_of(request), bool(word(form, "everywhere"))

    def end(tx: WriteTx) -> None:
        if everywhere:
            member_sessions.remove_all(tx, who.member.actor_uri)
        else:
            members.sign_out(tx, who.token)

    await deps.db.write(end)
    return _out(deps, "/sign-in?done=out")


async def _show(
    request: Request,
    who: Visitor,
    *,
    done: str = "",
    problem: FormInvalid | None = None,
    wrong: EventId | None = None,
    typed: str = "",
) -> Response:
    deps = deps_of(request)
    page = await deps.db.read(lambda tx: _page(tx, deps, who, done))
    page = replace(page, problem=problem, wrong=wrong, typed=typed)
    status = 422 if problem else 200
    return ours(render(request, "members/me.html", page, status=status, keep=False))


def _out(deps: Deps, path: str) -> Response:
    response = to(path)
    session.COOKIE.take(response, deps)
    return response


def _page(tx: ReadTx, deps: Deps, who: Visitor, done: str) -> MePage:
    uri = who.member.actor_uri
    turn = calendar_feeds.turn(tx, uri)
    counted = holdings.count(tx, uri)
    return MePage(
        site=site(tx),
        member=who.member,
        csrf=who.csrf,
        answers=[_answered(tx, deps, *pair) for pair in members.answers_of(tx, uri)],
        calendar=""
        if turn is None
        else deps.urls.personal_calendar(deps.links.make("calendar", uri, turn)),
        held={
            fate: {
                each.name: counted[each.name]
                for each in HOLDINGS
                if each.fate is fate and each.name in counted
            }
            for fate in Fate
        },
        browsers=member_sessions.count(tx, uri),
        done=done,
    )


def _answered(tx: ReadTx, deps: Deps, event: Event, rsvp: Rsvp) -> Answered:
    allowed = terms(event, tx.now)
    return Answered(
        event,
        rsvp,
        deps.urls.rsvp(deps.links.make("rsvp", rsvp.id)),
        is_open=allowed.is_on and not (allowed.is_cancelled or allowed.is_over or rsvp.is_settled),
        is_over=allowed.is_over,
    )
