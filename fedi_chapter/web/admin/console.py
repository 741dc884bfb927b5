"""The console: what the chapter is doing, and the buttons for what waits for a decision.

A button is a form, and a form is an `action`: checked for its origin, its session, its word
and the organizer's right before anything is read of it. The work itself is a service's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import SignInNeeded
from fedi_chapter.domain.conversation import ReplyState
from fedi_chapter.domain.organizer import Organizer, Right
from fedi_chapter.services import moderation, organizers
from fedi_chapter.store.pages.console import Console
from fedi_chapter.store.pages.console import console as read_console
from fedi_chapter.store.pages.site import Site
from fedi_chapter.web.admin import session
from fedi_chapter.web.admin.guard import check_right
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import check_csrf, form_of, ours, to, word
from fedi_chapter.web.same_site import check_same_site
from fedi_chapter.web.templating import render

Endpoint = Callable[[Request], Awaitable[Response]]
Work = Callable[[Request, FormData, session.Visitor], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """The console as one organizer sees it."""

    console: Console
    organizer: Organizer
    csrf: str
    done: str
    """What the button just pressed did."""

    @property
    def site(self) -> Site:
        """What stands around the page."""
        return self.console.site

    @property
    def hosts(self) -> bool:
        """Tell whether it is theirs to let people in."""
        return self.organizer.may(Right.HOST)

    @property
    def moderates(self) -> bool:
        """Tell whether private messages to the chapter are theirs to read."""
        return self.organizer.may(Right.MODERATE)


def action(right: Right | None) -> Callable[[Work], Endpoint]:
    """Guard the work of one form; without a `right`, whoever is signed in may do it."""

    def guarded(work: Work) -> Endpoint:
        @wraps(work)
        async def endpoint(request: Request) -> Response:
            check_same_site(request)
            who = await session.visitor(request)
            if who is None:
                raise SignInNeeded
            async with form_of(request) as form:
                check_csrf(who.csrf, form)
                check_right(who, right)
                return await work(request, form, who)

        return endpoint

    return guarded


async def console(request: Request) -> Response:
    """Show an organizer what the chapter is doing; greeters their events, all others the door."""
    who = await session.visitor(request)
    if who is None:
        return to("/sign-in")
    if not (who.organizer.may(Right.MODERATE) or who.organizer.may(Right.HOST)):
        return to("/admin/events")
    page = ConsolePage(
        console=await deps_of(request).db.read(read_console),
        organizer=who.organizer,
        csrf=who.csrf,
        done=request.query_params.get("done", ""),
    )
    return ours(render(request, "admin/console.html", page, keep=False))


@action(Right.MODERATE)
async def show_reply(request: Request, form: FormData, _: session.Visitor) -> Response:
    """Put a held reply on the chapter's pages."""
    return await _judge(request, form, ReplyState.SHOWN)


@action(Right.MODERATE)
async def hide_reply(request: Request, form: FormData, _: session.Visitor) -> Response:
    """Keep a held reply off the chapter's pages."""
    return await _judge(request, form, ReplyState.HIDDEN)


@action(Right.MODERATE)
async def allow_host(request: Request, form: FormData, _: session.Visitor) -> Response:
    """Let a server's people follow the chapter, those who wait and those to come."""
    host = word(form, "host")
    await deps_of(request).db.write(lambda tx: moderation.allow(tx, host))
    return to("/admin?done=allowed")


@action(Right.MODERATE)
async def close_report(request: Request, form: FormData, _: session.Visitor) -> Response:
    """Put a report away that somebody has dealt with."""
    report = word(form, "report")
    await deps_of(request).db.write(lambda tx: moderation.close_report(tx, report))
    return to("/admin?done=closed")


@action(None)
async def sign_out(request: Request, form: FormData, who: session.Visitor) -> Response:
    """End the session."""
    deps = deps_of(request)
    await deps.db.write(lambda tx: organizers.sign_out(tx, who.token))
    response = to("/sign-in")
    session.COOKIE.take(response, deps)
    response.headers["Clear-Site-Data"] = '"storage"'  # a greeter's phone keeps no list
    return response


@action(Right.MODERATE)
async def close_message(request: Request, form: FormData, _: session.Visitor) -> Response:
    """Put a private message away."""
    uri = word(form, "message")
    await deps_of(request).db.write(lambda tx: moderation.close_message(tx, uri))
    return to("/admin?done=read")


async def _judge(request: Request, form: FormData, state: ReplyState) -> Response:
    reply = word(form, "reply")
    await deps_of(request).db.write(lambda tx: moderation.judge_reply(tx, reply, state))
    return to(f"/admin?done={state}")
