"""The greeters' page: who is expected, who has come, who walked in.

Without scripts it is a list with a form for each person. With them the page's own program
(`static/door.js`) does the same on the phone, without a network too, and sends what it noted
to `sync`. Only pages of this room run a program, under a policy of their own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import FormInvalid, Missing
from fedi_chapter.domain.door import KEPT_AFTER, LONG_BEFORE, Entry, EntryKind, is_long_before
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.organizer import Organizer, Right
from fedi_chapter.domain.rsvp import MOST_GUESTS, Rsvp, RsvpId
from fedi_chapter.services import door as service
from fedi_chapter.store import door as door_entries
from fedi_chapter.store import events, rsvps
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.web.admin.console import action
from fedi_chapter.web.admin.door_list import DoorList, DoorPerson, door_list
from fedi_chapter.web.admin.guard import event_at_door, page, sees_door
from fedi_chapter.web.admin.session import Visitor
from fedi_chapter.web.door_pass import read_pass, short_code
from fedi_chapter.web.form_fields import number_in
from fedi_chapter.web.middleware import CONTENT_SECURITY_POLICY
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import ours, to, word
from fedi_chapter.web.templating import render

POLICY = f"{CONTENT_SECURITY_POLICY}; script-src 'self'; connect-src 'self'; worker-src 'self'"
PERMISSIONS = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEXT = timedelta(milliseconds=1)
BY_FORM = "form"
"""The device of an entry that was made without a program."""


@dataclass(frozen=True, slots=True)
class DoorPage:
    """The list of one event, as far as it was searched for."""

    site: Site
    organizer: Organizer
    csrf: str
    event: Event
    shown: DoorList
    now: datetime
    query: str
    new_id: str
    """The id of a walk-in written down with this page: pressing twice is once."""
    problem: FormInvalid | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    """What stood in the form that could not be used."""

    @property
    def found(self) -> list[DoorPerson]:
        """Who matches what was searched for."""
        wanted = self.query.strip().casefold()
        return [
            each
            for each in self.shown.people
            if wanted in f"{each.name} {each.handle} {each.code}".casefold()
        ]

    @property
    def asks_until(self) -> datetime:
        """Until when checking somebody in needs a second yes."""
        return self.event.starts_at - LONG_BEFORE

    @property
    def forget_at(self) -> datetime:
        """When a phone wipes the list."""
        return max(self.event.over_at, self.now) + KEPT_AFTER

    @property
    def most_guests(self) -> int:
        """How many may come along with one person."""
        return MOST_GUESTS


@dataclass(frozen=True, slots=True)
class EarlyPage:
    """The question whether somebody is here long before the event begins."""

    site: Site
    csrf: str
    event: Event
    name: str
    action: str
    """Where the yes goes."""
    fields: dict[str, str]
    """What the form said."""


@page(Right.GREET)
async def door(request: Request, who: Visitor) -> Response:
    """Show who is expected."""
    return await _show(request, who)


async def _show(
    request: Request,
    who: Visitor,
    *,
    problem: FormInvalid | None = None,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    deps = deps_of(request)

    def read(tx: ReadTx) -> DoorPage:
        event = event_at_door(tx, request, who)
        return DoorPage(
            site=site(tx),
            organizer=who.organizer,
            csrf=who.csrf,
            event=event,
            shown=door_list(tx, event, deps),
            now=tx.now,
            query=request.query_params.get("q", ""),
            new_id=deps.ids.new(tx.now),
            problem=problem,
            typed=typed,
        )

    shown, status = await deps.db.read(read), 422 if problem else 200
    response = ours(render(request, "admin/check_in.html", shown, status=status, keep=False))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Permissions-Policy"] = PERMISSIONS
    return response


@page(Right.GREET)
async def by_pass(request: Request, who: Visitor) -> Response:
    """Go from a pass that a phone's camera read to its person in the list."""
    deps = deps_of(request)
    rsvp_id = read_pass(deps, request.path_params["token"])

    def read(tx: ReadTx) -> Rsvp | None:
        answer = rsvps.get(tx, rsvp_id) if rsvp_id else None
        event = events.get(tx, answer.event_id) if answer else None
        return answer if event and sees_door(who, event, tx.now) else None

    found = await deps.db.read(read)
    if found is None:
        raise Missing
    return to(f"/admin/events/{found.event_id}/door?q={short_code(deps, found.id)}")


@action(Right.GREET)
async def came(request: Request, form: FormData, who: Visitor) -> Response:
    """Write down that somebody came."""
    return await _write(request, form, who, EntryKind.CAME)


@action(Right.GREET)
async def undo(request: Request, form: FormData, who: Visitor) -> Response:
    """Take back that somebody came."""
    return await _write(request, form, who, EntryKind.UNDONE)


@action(Right.GREET)
async def walk_in(request: Request, form: FormData, who: Visitor) -> Response:
    """Write somebody down who had not answered."""
    return await _write(request, form, who, EntryKind.WALK_IN)


async def _write(request: Request, form: FormData, who: Visitor, kind: EntryKind) -> Response:
    """Write down what a form says; what is said long before the event is asked back first."""
    said, typed = word(form, "rsvp"), {name: word(form, name) for name in form}
    if not _UUID.fullmatch(said):
        raise Missing
    try:
        guests = number_in(form, "guests", most=MOST_GUESTS)
    except FormInvalid as problem:
        return await _show(request, who, problem=problem, typed=typed)
    if kind is not EntryKind.UNDONE and not word(form, "sure"):
        asked = await deps_of(request).db.read(lambda tx: _asked_back(tx, request, form, who))
        if asked is not None:
            return ours(render(request, "admin/early.html", asked, status=409, keep=False))

    def write(tx: WriteTx) -> None:
        event = event_at_door(tx, request, who)
        last = door_entries.last(tx, event.id).get(RsvpId(said))
        entry = Entry(
            id=said if kind is EntryKind.WALK_IN else tx.new_id(),
            event_id=event.id,
            rsvp_id=RsvpId(said),
            kind=kind,
            at=max(tx.now, last + _NEXT) if last else tx.now,
            device=BY_FORM,
            guests=guests,
        )
        service.record(tx, event, entry, name=word(form, "name"))

    try:
        await deps_of(request).db.write(write)
    except FormInvalid as problem:
        return await _show(request, who, problem=problem, typed=typed)
    return to(f"/admin/events/{request.path_params['event']}/door")


def _asked_back(tx: ReadTx, request: Request, form: FormData, who: Visitor) -> EarlyPage | None:
    event = event_at_door(tx, request, who)
    if not is_long_before(event, tx.now):
        return None
    known = rsvps.get(tx, RsvpId(word(form, "rsvp")))
    if known is not None and known.event_id != event.id:
        raise Missing
    name = (known.name if known else word(form, "name")) or ""
    fields = {each: word(form, each) for each in ("rsvp", "guests", "name")}
    return EarlyPage(site(tx), who.csrf, event, name, request.url.path, fields)
