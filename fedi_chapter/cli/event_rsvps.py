"""`event rsvps`, `rsvp`, `approve`, `decline`, `message`, `export`: the organizer's list."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from fedi_chapter.cli.frame import Setup, Verb, ask, note, pass_setup
from fedi_chapter.cli.words import own_id, text_from
from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.deps import Deps
from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.event_message import EventMessage
from fedi_chapter.domain.rsvp import Answer, Rsvp, RsvpId, RsvpStatus
from fedi_chapter.feeds.attendee_list import attendee_list
from fedi_chapter.services import approval, messages
from fedi_chapter.services import attendees as service
from fedi_chapter.services.events import own_event
from fedi_chapter.services.messages import Report
from fedi_chapter.store.pages.attendees import attendees
from fedi_chapter.store.tx import ReadTx, WriteTx

_SAID = [str(each) for each in (Answer.GOING, Answer.MAYBE, Answer.NO)]
_STATUSES = [str(each) for each in RsvpStatus if each is not RsvpStatus.NONE]


@click.command("rsvps", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those who stand so.")
@pass_setup
def list_rsvps(setup: Setup, event_id: str, status: str | None) -> None:
    """List who answered an event, with guests, and the way they came."""

    async def work(deps: Deps) -> tuple[Event, list[Attendee]]:
        return await deps.db.read(lambda tx: _everyone(tx, event_id, deps))

    event, people = ask(setup, work)
    shown = [each for each in people if status in (None, each.rsvp.status)]
    setup.tell([_summary(each) for each in shown], *(_line(each, event) for each in shown))


@click.command("rsvp", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.option("--name", required=True, help="Who it is.")
@click.option("--email", default="", help="An address to tell; it is asked first.")
@click.option("--status", type=click.Choice(_SAID), default="going", help="What they said.")
@click.option("--guests", type=int, default=0, help="How many they bring.")
@pass_setup
def rsvp(setup: Setup, event_id: str, name: str, email: str, status: str, guests: int) -> None:
    """Write down somebody who told you that they come. When all seats are taken, they wait."""
    person = service.ByHand(name, Answer(status), guests, email)

    async def work(deps: Deps) -> Rsvp:
        bare = _id(event_id, deps)
        return await deps.db.write(lambda tx: service.write_down(tx, own_event(tx, bare), person))

    written = ask(setup, work)
    setup.tell(
        {"id": written.id, "name": written.name, "status": written.status, "guests": guests},
        f"{written.name}: {written.status}",
    )


@click.command("mail", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.argument("who")
@click.argument("address")
@pass_setup
def mail(setup: Setup, event_id: str, who: str, address: str) -> None:
    """Correct somebody's mail address that is not confirmed or refuses our mail; it is asked."""

    async def work(deps: Deps) -> Rsvp:
        bare = _id(event_id, deps)

        def write(tx: WriteTx) -> Rsvp:
            event, person = own_event(tx, bare), service.find(tx, bare, who)
            return service.correct_email(tx, event, person.id, address)

        return await deps.db.write(write)

    asked = ask(setup, work)
    setup.tell({"id": asked.id, "email": address}, f"{who}: {address} is asked")


@click.command("approve", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.argument("who")
@pass_setup
def approve(setup: Setup, event_id: str, who: str) -> None:
    """Say yes to somebody who asked, or to their guests. They get a seat, or a place in line."""
    _decide(setup, event_id, who, approval.approve)


@click.command("decline", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.argument("who")
@click.option("--guests", is_flag=True, help="Only to the guests they ask for on top.")
@pass_setup
def decline(setup: Setup, event_id: str, who: str, *, guests: bool) -> None:
    """Say no to somebody who asked or waits, or take a seat back; `event approve` undoes it."""
    _decide(setup, event_id, who, approval.decline_guests if guests else approval.decline)


@click.command("message", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.argument("text", required=False)
@click.option("--urgent", is_flag=True, help="Say that it can't wait; once a week.")
@click.option("--again", is_flag=True, help="Urgent a second time within a week.")
@pass_setup
def message(setup: Setup, event_id: str, text: str | None, urgent: bool, again: bool) -> None:
    """Tell everybody who may come something; - reads it. Without TEXT: what became of it all."""
    words = text_from(text)

    async def work(deps: Deps) -> tuple[EventMessage | None, Report]:
        bare, written = _id(event_id, deps), None
        if words is not None:
            written = await deps.db.write(
                lambda tx: messages.message_attendees(
                    tx, bare, words, urgent=urgent, confirm_urgent=again
                )
            )

        def read(tx: ReadTx) -> Report:
            own_event(tx, bare)
            return messages.report(tx, bare, deps.urls, written.id if written else None)

        return written, await deps.db.read(read)

    written, report = ask(setup, work)
    told = [
        {"route": each.route, "state": each.state, "number": each.number} for each in report.told
    ]
    setup.tell(
        {
            "id": written.id if written else None,
            "concerned": report.concerned,
            "told": told,
        },
        *_report(report, is_new=written is not None),
    )


@click.command("export", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_setup
def export(setup: Setup, event_id: str, file: Path) -> None:
    """Write who answered to a CSV file. It holds names: keep it safe, delete it soon."""

    async def work(deps: Deps) -> int:
        event, people = await deps.db.read(lambda tx: _everyone(tx, event_id, deps))
        _write(file, attendee_list(event, people))
        return len(people)

    number = ask(setup, work)
    setup.tell({"file": str(file), "people": number}, f"{number} answers written to {file}")
    note("The file holds names and addresses. Delete it when it has served.")


COMMANDS = (list_rsvps, rsvp, mail, approve, decline, message, export)


def _decide(
    setup: Setup, event_id: str, who: str, verb: Callable[[WriteTx, Event, RsvpId], Rsvp]
) -> None:
    async def work(deps: Deps) -> tuple[Rsvp, bool]:
        bare = _id(event_id, deps)

        def write(tx: WriteTx) -> tuple[Rsvp, bool]:
            event, person = own_event(tx, bare), service.find(tx, bare, who)
            decided = verb(tx, event, person.id)
            people = attendees(tx, event.id, mail=deps.trace_of_mail)
            heard = {each.rsvp.id: each.can_be_told for each in people}
            return decided, heard[person.id] and not event.counts_only

        return await deps.db.write(write)

    decided, can_be_told = ask(setup, work)
    how = "" if can_be_told else "  can't be told: please do it yourself"
    setup.tell(
        {"id": decided.id, "status": decided.status, "can_be_told": can_be_told},
        f"{who}: {decided.status}{how}",
    )


def _everyone(tx: ReadTx, event_id: str, deps: Deps) -> tuple[Event, list[Attendee]]:
    event = own_event(tx, _id(event_id, deps))
    return event, attendees(tx, event.id, mail=deps.trace_of_mail)


def _summary(each: Attendee) -> dict[str, object]:
    rsvp = each.rsvp
    who = {"actor": rsvp.actor_uri, "handle": each.handle} if rsvp.actor_uri else {}
    return {
        "id": rsvp.id,
        **who,
        "name": each.name or None,
        "status": rsvp.status,
        "guests": rsvp.guests,
        "asked_guests": rsvp.asked_guests,
        "route": rsvp.route,
        "at": _iso(rsvp.said_at),
        "email": rsvp.email,
        "email_refused": rsvp.email_refused_at is not None,
        "can_be_told": each.can_be_told,
        "note": rsvp.note,
        "checked_in_at": _iso(rsvp.checked_in_at) if rsvp.checked_in_at else None,
    }


def _line(each: Attendee, event: Event) -> str:
    rsvp = each.rsvp
    at = rsvp.said_at.astimezone(event.zone)
    guests = f"+{rsvp.guests}" if rsvp.guests else ""
    asked = "" if rsvp.asked_guests is None else f"  (asks for +{rsvp.asked_guests})"
    called = " ".join(filter(None, (each.name, each.handle))) or "(only counted)"
    deaf = "" if each.can_be_told else "  can't be told"
    stands = f"{rsvp.status:<9} {guests:<3} {rsvp.route:<8} {at:%Y-%m-%d %H:%M}"
    return f"{stands}  {called}  {rsvp.id}{asked}{deaf}"


def _report(report: Report, *, is_new: bool) -> list[str]:
    """Say how far the notices have come, and of a new message who only reads it on a page."""
    may_come = f"{report.concerned} may come"
    lines = [f"{each.route:<6}  {each.state:<7}  {each.number}" for each in report.told]
    if not is_new:
        return [may_come, *lines]
    unreached = report.concerned - sum(each.number for each in report.told)
    by_page = [f"page    to read  {unreached}"] if unreached > 0 else []
    return [f"written; {may_come}", *lines, *by_page]


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _id(text: str, deps: Deps) -> EventId:
    return EventId(own_id(text, deps.urls, "event"))


def _write(file: Path, text: str) -> None:
    """Write a file that nobody but its owner can read.

    Raises:
        FormInvalid: it is there already, or can't be written.

    """
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(text, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise FormInvalid(
            f"{file} can't be written: {error.strerror}", cure="give the name of a new file"
        ) from error
