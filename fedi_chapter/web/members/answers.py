"""Answers given on an event's page: by a member with one tap, by anybody else with a name.

The page itself is the same for everybody and served from memory, so the form carries nothing of
the visitor's but a number that tells a double click from two people: it must come from a page of
ours, and a network may send so many.
"""

import re
from dataclasses import dataclass
from functools import partial

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import Busy, FormInvalid
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.member import Member
from fedi_chapter.domain.rsvp import MOST_GUESTS, RANKS, Answer, Route, Rsvp, RsvpStatus, Saying
from fedi_chapter.services import members, own_rsvps, rsvps
from fedi_chapter.services.own_rsvps import Guest
from fedi_chapter.store.pages.event import Answers, answers_to, readable_event
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.rsvps import get
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.web.errors import ask_again_later, problem_of
from fedi_chapter.web.form_fields import number_in
from fedi_chapter.web.language import first_tag
from fedi_chapter.web.members import device
from fedi_chapter.web.members.kept import kept_form
from fedi_chapter.web.members.session import Visitor, visitor
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.network_guests import brings_too_many
from fedi_chapter.web.private import form_of, ours, to, word
from fedi_chapter.web.rate_limit import check_answers
from fedi_chapter.web.request_headers import headers_of
from fedi_chapter.web.same_site import check_same_site
from fedi_chapter.web.templating import render

MOST_FIELDS = 8
_NUMBER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What a member who is signed in, or a device that answered, sees on an event's page."""

    member: Member | None
    rsvp: Rsvp | None
    page: str
    """Their own page about the event; empty before they answered."""

    @property
    def stands(self) -> bool:
        """Tell whether they answered. Who has no account changes what they said on their page."""
        if self.rsvp is None or self.member is None:
            return self.rsvp is not None
        return self.rsvp.status is not RsvpStatus.NONE


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a form that was sent, as it was typed."""

    guest: Guest
    guests: str
    form_number: str | None


@dataclass(frozen=True, slots=True)
class _Sent:
    """What it says."""

    typed: Typed
    answer: Answer
    guests: int


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """The form once more, because something in it is wrong; or why an answer can't count."""

    site: Site
    event: Event
    answers: Answers | None
    takes_mail: bool
    member: Member | None
    typed: Typed
    problem: FormInvalid | None
    refusal: str

    @property
    def most_guests(self) -> int:
        """How many people one may bring."""
        return MOST_GUESTS


async def own_answer(request: Request, event: Event) -> OwnAnswer | None:
    """Return the answer of the member, or of the device, that is asking; None for all others.

    With `?answer=new` a device is asked anew: several people may share one.
    """
    who, deps = await visitor(request), deps_of(request)
    if who is None:
        known = await device.remembered(request, event)
        if known is None or request.query_params.get("answer") == "new":
            return None
        return OwnAnswer(None, known, deps.urls.rsvp(deps.links.make("rsvp", known.id)))
    party = members.party(who.member.actor_uri)
    rsvp = await deps.db.read(lambda tx: own_rsvps.answer_of(tx, event, party))
    page = deps.urls.rsvp(deps.links.make("rsvp", rsvp.id)) if rsvp else ""
    return OwnAnswer(who.member, rsvp, page)


async def answer(request: Request) -> Response:
    """Take an answer to the event named in the path, and show its own page.

    Whatever stands in the way, the form comes back with what was typed.
    """
    check_same_site(request)
    async with form_of(request, MOST_FIELDS) as form:
        if word(form, "website"):  # no person sees this field: what fills it in is a program
            return to(f"/events/{request.path_params['id']}")
        typed, said = _typed(request, form), word(form, "answer")
    try:
        return await _take(request, form, typed)
    except Busy as busy:  # not even the form's page could be read
        guest = typed.guest
        return kept_form(
            *(request, busy), name=guest.name, email=guest.email, guests=typed.guests, answer=said
        )


async def _take(request: Request, form: FormData, typed: Typed) -> Response:
    deps, event_id = deps_of(request), EventId(str(request.path_params["id"]))
    who = await visitor(request)
    again = partial(_again, request, event_id, who, typed)
    try:
        sent = _Sent(typed, *answer_in(form))
        is_crowd = who is None and not check_answers(request)

        def work(tx: WriteTx) -> tuple[Event, rsvps.Response, bool]:
            event = readable_event(tx, event_id)
            if who:
                response = _member_answers(tx, event, who.member, sent)
            else:
                response = _guest_answers(tx, event, request, sent, is_crowd=is_crowd)
            return event, response, get(tx, response.rsvp.id) is not None

        event, response, is_known = await deps.db.write(work)
    except FormInvalid as problem:
        return await again(problem=problem)
    except Busy as busy:
        return ask_again_later(await again(refusal=busy.code, status=busy.status), problem_of(busy))
    if not is_known:
        return await again(refusal=response.refusal or "", status=409)
    done = response.refusal or "answered"
    leads = to(f"/rsvp/{deps.links.make('rsvp', response.rsvp.id)}?done={done}")
    if who is None:
        device.remember(leads, deps, event, response.rsvp.id)
    return leads


def _member_answers(tx: WriteTx, event: Event, member: Member, sent: _Sent) -> rsvps.Response:
    saying = Saying(sent.answer, Route.ACCOUNT, tx.now, RANKS[sent.answer], sent.guests)
    return rsvps.respond(
        tx, event, members.party(member.actor_uri, sent.typed.guest.language), saying
    )


def _guest_answers(
    tx: WriteTx, event: Event, request: Request, sent: _Sent, *, is_crowd: bool
) -> rsvps.Response:
    def is_suspect(event: Event, before: Rsvp | None, saying: Saying) -> bool:
        return brings_too_many(request, event, before, saying) or is_crowd

    saying = Saying(
        *(sent.answer, Route.WEB, tx.now, RANKS[sent.answer], sent.guests),
        form_number=sent.typed.form_number,
    )
    return own_rsvps.answer_as_guest(tx, event, sent.typed.guest, saying, is_suspect)


def _typed(request: Request, form: FormData) -> Typed:
    return Typed(guest_in(request, form), word(form, "guests"), form_number_in(request, form))


def answer_in(form: FormData) -> tuple[Answer, int]:
    """Return what a form says, and how many guests come along.

    Raises:
        FormInvalid: it says neither yes nor no, or what stands for the guests is no number.

    """
    guests = number_in(form, "guests", most=MOST_GUESTS) or 0
    if word(form, "answer") not in set(Answer):
        raise FormInvalid("the answer is missing", cure="press one of the buttons", field="answer")
    return Answer(word(form, "answer")), guests


def guest_in(request: Request, form: FormData) -> Guest:
    """Return who a form says its sender is; without mail no address is taken."""
    email = word(form, "email").strip() if deps_of(request).mailer is not None else ""
    spoken = first_tag(headers_of(request.scope))
    return Guest(word(form, "name"), email, spoken)


def form_number_in(request: Request, form: FormData) -> str | None:
    """Return what stands for the number that `web.form_numbers` gave a form; None without one."""
    number = word(form, "number")
    if not _NUMBER.fullmatch(number):
        return None
    return deps_of(request).links.fingerprint("form", number)


async def _again(
    request: Request,
    event_id: EventId,
    who: Visitor | None,
    typed: Typed,
    *,
    problem: FormInvalid | None = None,
    refusal: str = "",
    status: int = 422,
) -> Response:
    def read(tx: ReadTx) -> AnswerPage:
        event = readable_event(tx, event_id)
        return AnswerPage(
            site=site(tx),
            event=event,
            answers=answers_to(tx, event),
            takes_mail=deps_of(request).mailer is not None,
            member=who.member if who else None,
            typed=typed,
            problem=problem,
            refusal=refusal,
        )

    page = await deps_of(request).db.read(read)
    return ours(render(request, "members/answer.html", page, status=status, keep=False))
