"""`event attend` and `event attending`: taking part in the events of neighbours."""

import asyncio
import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from fedi_chapter.cli.follow import GLANCE
from fedi_chapter.cli.frame import Setup, Verb, ask, chapter_of, pass_setup
from fedi_chapter.core.i18n import translator
from fedi_chapter.deps import Deps
from fedi_chapter.domain.attendance import Attendance, AttendanceState
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.federation import attending as federation
from fedi_chapter.store import attendances

Said = tuple[Attendance, NeighbourEvent]
_WORDS = {
    AttendanceState.ASKED: "told; no answer has come yet",
    AttendanceState.TOLD: "told; their software sends no answer",
    AttendanceState.CONFIRMED: "confirmed",
    AttendanceState.REFUSED: "refused",
    AttendanceState.NO_RSVPS: "their software takes no RSVPs",
    AttendanceState.WITHDRAWN: "we do not come",
}


@click.command(cls=Verb)
@click.argument("url")
@click.option(
    "--status",
    type=click.Choice([str(each) for each in (Answer.GOING, Answer.MAYBE, Answer.NO)]),
    default=str(Answer.GOING),
    show_default=True,
    help="What the chapter says.",
)
@click.option(
    "--wait", default=5.0, show_default=True, help="Seconds to wait for the answer; 0 does not."
)
@pass_setup
def attend(setup: Setup, url: str, status: str, wait: float) -> None:
    """Say that we come to the event at URL. Its server is told."""

    async def work(deps: Deps) -> tuple[Said, str]:
        actor = await deps.db.read(chapter_of)
        said = await federation.attend(deps, actor, url, Answer(status))
        return await _answered(deps, said, wait), actor.timezone

    said, zone = ask(setup, work)
    setup.tell(_summary(said, zone), _line(said, zone))


@click.command(cls=Verb)
@pass_setup
def attending(setup: Setup) -> None:
    """List what we said about others' events. And what became of it."""

    async def work(deps: Deps) -> tuple[list[Said], str]:
        chapter = await deps.db.read(chapter_of)
        return await deps.db.read(lambda tx: attendances.listing(tx, chapter.id)), chapter.timezone

    found, zone = ask(setup, work)
    setup.tell([_summary(each, zone) for each in found], *(_line(each, zone) for each in found))


async def _answered(deps: Deps, said: Said, patience: float) -> Said:
    """Wait for the other server's answer, which a running server takes in."""
    until, answer_id = time.monotonic() + patience, said[0].answer_id
    while said[0].state is AttendanceState.ASKED and time.monotonic() < until:
        await asyncio.sleep(GLANCE)
        now = await deps.db.read(lambda tx: attendances.by_answer(tx, answer_id))
        if now is None:
            break
        said = now, said[1]
    return said


def _summary(said: Said, ours: str) -> dict[str, object]:
    attendance, event = said
    zone = _zone(event, ours)
    return {
        "id": event.uri,
        "url": event.url,
        "name": event.name,
        "start": event.starts_at.astimezone(zone).isoformat(),
        "timezone": zone.key,
        "cancelled": event.cancelled,
        "deleted": event.deleted_at is not None,
        "status": str(attendance.status),
        "state": str(attendance.state),
        "sent": attendance.verb,
        "sign_up_url": event.sign_up_url,
        "said_at": attendance.said_at.isoformat(),
        "answered_at": attendance.answered_at.isoformat() if attendance.answered_at else None,
    }


def _line(said: Said, ours: str) -> str:
    attendance, event = said
    state = _WORDS[attendance.state]
    if attendance.state is AttendanceState.NO_RSVPS:
        state = f"{state}: see {event.sign_up_url or event.url}"
    off = "  DELETED" if event.deleted_at else "  CANCELLED" if event.cancelled else ""
    return f"{_when(event, ours)}  {attendance.status:<5}  {event.name}  {state}{off}"


def _when(event: NeighbourEvent, ours: str) -> str:
    """Return day and hour on the clocks there, with their zone; of whole days, the day."""
    zone = _zone(event, ours)
    starts = event.starts_at.astimezone(zone)
    if event.all_day:
        return f"{starts:%Y-%m-%d}"
    return f"{starts:%Y-%m-%d %H:%M} {translator('en').short_zone(event.starts_at, zone)}"


def _zone(event: NeighbourEvent, ours: str) -> ZoneInfo:
    """Return the zone the event names, else the chapter's, also where this machine lacks it."""
    try:
        return ZoneInfo(event.timezone or ours)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(ours)
