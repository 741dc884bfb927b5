"""`event attend` and `event attending`: taking part in the events of neighbours."""

import asyncio
import time

import click

from fedi_chapter.cli.follow import GLANCE
from fedi_chapter.cli.frame import Setup, Verb, ask, chapter_of, pass_setup
from fedi_chapter.deps import Deps
from fedi_chapter.domain.attendance import Attendance, AttendanceState
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.federation import attending as federation
from fedi_chapter.store import attendances

Said = tuple[Attendance, NeighbourEvent]
_WORDS = {
    AttendanceState.ASKED: "told; no answer has come yet",
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

    async def work(deps: Deps) -> Said:
        actor = await deps.db.read(chapter_of)
        said = await federation.attend(deps, actor, url, Answer(status))
        return await _answered(deps, said, wait)

    said = ask(setup, work)
    setup.tell(_summary(said), _line(said))


@click.command(cls=Verb)
@pass_setup
def attending(setup: Setup) -> None:
    """List what we said about others' events. And what became of it."""

    async def work(deps: Deps) -> list[Said]:
        return await deps.db.read(lambda tx: attendances.listing(tx, chapter_of(tx).id))

    found = ask(setup, work)
    setup.tell([_summary(each) for each in found], *(_line(each) for each in found))


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


def _summary(said: Said) -> dict[str, object]:
    attendance, event = said
    return {
        "id": event.uri,
        "url": event.url,
        "name": event.name,
        "start": event.starts_at.isoformat(),
        "cancelled": event.cancelled,
        "status": str(attendance.status),
        "state": str(attendance.state),
        "sent": attendance.verb,
        "sign_up_url": event.sign_up_url,
        "said_at": attendance.said_at.isoformat(),
        "answered_at": attendance.answered_at.isoformat() if attendance.answered_at else None,
    }


def _line(said: Said) -> str:
    attendance, event = said
    state = _WORDS[attendance.state]
    if attendance.state is AttendanceState.NO_RSVPS:
        state = f"{state}: see {event.sign_up_url or event.url}"
    off = "  CANCELLED" if event.cancelled else ""
    return f"{event.starts_at:%Y-%m-%d %H:%M}  {attendance.status:<5}  {event.name}  {state}{off}"
