"""The Follow box: from a visitor's handle to their own server's follow page.

No account, no cookie, nothing stored. The visitor is never redirected: the page names the
server the link leads to, and the visitor decides (ADM-12).
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import Gone, Missing, RemoteFailure, UnknownHandle
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import discover, jrd
from fedi_chapter.store.pages.event import answers_to, readable_event
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.members.session import member_of
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import form_of
from fedi_chapter.web.rate_limit import check_rate
from fedi_chapter.web.same_site import check_same_site
from fedi_chapter.web.templating import render, web_link

LONGEST_HANDLE = 320

Kind = Literal["chapter", "answer", "event", "post"]
"""What the visitor may do there: follow, say whether they come, or reply and share."""


@dataclass(frozen=True, slots=True)
class FollowPage:
    """The box, and where there is one the answer to what was typed into it."""

    site: Site
    object_uri: str
    kind: Kind
    entry: str
    """What an app is given to search for: of an event what the visitor's server gets of it.

    As long as nobody knows that server: the face, which microblogs show whole.
    """
    handle: str = ""
    link: str = ""
    server: str = ""
    problem: Literal["", "spelling", "ours", "unknown", "unreachable"] = ""
    answered: bool = False


async def follow_form(request: Request) -> Response:
    """Serve the box on a page of its own."""
    deps, uri = deps_of(request), request.query_params.get("object", "")
    page = await deps.db.read(lambda tx: _page(tx, deps.urls, uri))
    return render(request, "public/follow.html", page, member=await member_of(request))


async def follow(request: Request) -> Response:
    """Answer a handle with the link to its server's own page, or say plainly what is wrong."""
    check_same_site(request)
    deps = deps_of(request)
    check_rate(request)
    async with form_of(request, 10) as form:
        handle, uri = _word(form, "handle"), _word(form, "object")
    asked = await deps.db.read(lambda tx: _page(tx, deps.urls, uri))
    page = await _answer(deps, replace(asked, handle=handle))
    status, member = 422 if page.problem else 200, await member_of(request)
    return render(request, "public/follow.html", page, status=status, keep=False, member=member)


async def _answer(deps: Deps, asked: FollowPage) -> FollowPage:
    """Ask the visitor's server where its follow page is; a refusal becomes a plain sentence."""
    try:
        handle = str(jrd.read_handle(asked.handle))
    except UnknownHandle:
        return replace(asked, problem="spelling")
    if handle.lower() == deps.urls.handle(asked.site.chapter).lower():
        return replace(asked, problem="ours")
    try:
        found = await discover.follow_page(deps, handle, asked.object_uri)
    except UnknownHandle:
        return replace(asked, problem="unknown")
    except RemoteFailure:
        return replace(asked, problem="unreachable")
    link = web_link(found.link)
    return replace(asked, link=link, server=urlsplit(link).netloc, entry=found.entry, answered=True)


def _page(tx: ReadTx, urls: Urls, uri: str) -> FollowPage:
    """Return the page for a thing of ours that is to be answered or shared, else the chapter."""
    around, own = site(tx), urls.own_object(uri)
    if own is None:
        chapter = f"{urls.base}/chapter"
        return FollowPage(around, chapter, "chapter", chapter)
    if own.kind == "post":
        return FollowPage(around, uri, "post", uri)
    kind: Kind = "answer" if _takes_answers(tx, EventId(own.id)) else "event"
    return FollowPage(around, urls.event(own.id), kind, urls.face(own.id))


def _takes_answers(tx: ReadTx, event_id: EventId) -> bool:
    """Tell whether people may say that they come; of what is hidden as of nothing: no."""
    with suppress(Missing, Gone):
        answers = answers_to(tx, readable_event(tx, event_id))
        return answers is not None and answers.is_open
    return False


def _word(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:LONGEST_HANDLE] if isinstance(value, str) else ""
