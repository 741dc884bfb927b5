"""What a greeter's phone sends and gets: entries it noted, and the list as it stands then.

Entries are taken one by one, each known by its id: what is sent again changes nothing, and one
that can't be taken does not keep the others out.
"""

import re
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import BadInput, ChapterError, Missing, SignInNeeded
from fedi_chapter.deps import Deps
from fedi_chapter.domain.door import Entry, EntryKind
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.organizer import Right
from fedi_chapter.domain.rsvp import RsvpId
from fedi_chapter.services import door as service
from fedi_chapter.web.admin import session
from fedi_chapter.web.admin.door_list import door_list
from fedi_chapter.web.admin.guard import check_right, event_named, sees_door
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import check_csrf_word, ours
from fedi_chapter.web.request_headers import Field, headers_of
from fedi_chapter.web.same_site import check_same_site

MOST_ENTRIES = 200
"""In one request; a phone that noted more sends the rest with the next."""
AHEAD = timedelta(days=1)
"""A clock that is wrong by more counts as wrong by so much; the ids keep the order."""
_YEARS = range(1970, 2200)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEVICE = re.compile(r"[0-9a-z-]{1,36}")


async def sync(request: Request) -> Response:
    """Take what a phone noted; answer which of it is done, and with the list if it is another."""
    check_same_site(request)
    who = await session.visitor(request)
    if who is None:
        raise SignInNeeded
    check_csrf_word(who.csrf, headers_of(request.scope).text(Field.CSRF_WORD))
    check_right(who, Right.GREET)
    deps = deps_of(request)
    event = await deps.db.read(lambda tx: event_named(tx, request))
    sees = sees_door(who, event, deps.clock.now())
    if not sees and event.over_at > deps.clock.now():
        raise Missing
    sent = _document(await request.body())
    done, refused = await _take(deps, event, sent)
    shown = await deps.db.read(lambda tx: door_list(tx, event, deps))
    # A phone that was without a network for long still tells what it noted, and learns nothing.
    is_news = sees and sent.get("version") != shown.version
    answer = {
        "now": deps.clock.now().isoformat(),
        "done": done,
        "refused": refused,
        "version": shown.version if sees else sent.get("version"),
        "list": asdict(shown) if is_news else None,
    }
    return ours(Response(orjson.dumps(answer), media_type="application/json"))


async def _take(
    deps: Deps, event: Event, sent: dict[str, Any]
) -> tuple[list[str], list[dict[str, str]]]:
    done, refused = list[str](), list[dict[str, str]]()
    noted = [
        (_entry(event, each, sent["device"]), each.get("name") or "") for each in sent["entries"]
    ]
    latest = deps.clock.now() + AHEAD
    for noticed, name in noted:
        entry = replace(noticed, at=min(noticed.at, latest))
        try:
            await deps.db.write(
                lambda tx, entry=entry, name=name: service.record(tx, event, entry, name=name)  # type: ignore[misc]
            )
        except ChapterError as error:
            if error.status >= 500:
                raise
            refused.append({"id": entry.id, "why": error.code})
        else:
            done.append(entry.id)
    return done, refused


def _document(body: bytes) -> dict[str, Any]:
    """Return what the phone sent.

    Raises:
        BadInput: it is not what the page's program sends.

    """
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput("the body is no JSON") from error
    if not (
        isinstance(sent, dict)
        and isinstance(sent.get("entries"), list)
        and len(sent["entries"]) <= MOST_ENTRIES
        and isinstance(sent.get("device"), str)
        and _DEVICE.fullmatch(sent["device"])
    ):
        raise BadInput("that is not what a greeter's page sends")
    return sent


def _entry(event: Event, said: Any, device: str) -> Entry:
    try:
        at = datetime.fromisoformat(said["at"])
        if at.year not in _YEARS:
            raise ValueError(at.year)
        ids, guests = (said["id"], said["rsvp"]), said.get("guests")
        kind, name = EntryKind(said["kind"]), said.get("name")
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise BadInput("an entry lacks something") from error
    if (
        at.tzinfo is None
        or not all(isinstance(each, str) and _UUID.fullmatch(each) for each in ids)
        or not (guests is None or type(guests) is int)
        or not (name is None or isinstance(name, str))
    ):
        raise BadInput("an entry is not as it should be")
    return Entry(ids[0], event.id, RsvpId(ids[1]), kind, at, device, guests)
