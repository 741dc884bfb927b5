"""Taking part in an event of another server: it is found, its software asked, the answer said.

Called by the command line and, with what comes back, by handlers. `attend` uses the network, so
never inside a transaction. What goes out is written by `publish.attendance`.
"""

from dataclasses import replace

from fedi_chapter.core.errors import BadDocument, Conflict, NotAllowed, RemoteFailure
from fedi_chapter.core.names import ascii_address
from fedi_chapter.deps import Deps
from fedi_chapter.domain.attendance import Attendance, AttendanceState
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.federation import learning, objects
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.services import attendance
from fedi_chapter.store import hosts, neighbours, remote_actors
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import EventDocument
from fedi_chapter.vocab.shape import host_of, same_host

_STATES = {
    "Accept": AttendanceState.CONFIRMED,
    "Reject": AttendanceState.REFUSED,
    "Ignore": AttendanceState.NO_RSVPS,
}


async def attend(
    deps: Deps, actor: LocalActor, url: str, answer: Answer
) -> tuple[Attendance, NeighbourEvent]:
    """Say for `actor` whether it comes to the event at `url`, as its server understands it.

    Raises:
        Conflict: it is an event of ours.
        NotAllowed: it is not public, over, cancelled or deleted.
        RemoteFailure: it can't be fetched, and we don't know it; or it is no event.
        Missing, FormInvalid: as `services.attendance.attend`.

    """
    url = ascii_address(url)
    if same_host(url, deps.urls.base):
        raise Conflict("that event is on this server", cure="give the address of a neighbour's")
    event = await _event(deps, url)
    host = host_of(event.uri)
    if await deps.db.read(lambda tx: hosts.ask_due(tx, host)):
        await learning.learn_host(deps, host)

    def say(tx: WriteTx) -> Attendance:
        known = hosts.get(tx, host)
        software = known.software if known else None
        return attendance.attend(tx, actor, event, answer, software=software)

    return await deps.db.write(say), event


def take_answer(tx: WriteTx, said: Attendance | None, answer: str, case: Case) -> Outcome:
    """Write down what the sender made of our last word: an Accept, a Reject or an Ignore.

    Only who holds the event can tell, or its server's own actor.
    """
    if said is None or not _speaks_for(tx, said.event_uri, case.sender):
        return Ignored("answers nothing that we say now about an event of theirs")
    if not attendance.answered(tx, said, _STATES[answer]):
        return Ignored("said before, or taken back since")
    return Done(f"our place at their event: {_STATES[answer]}")


def _speaks_for(tx: ReadTx, event_uri: str, sender: RemoteActor) -> bool:
    """Tell whether an actor may answer for an event of its host.

    For a group's any member of its server may: who moderates it only that server knows.
    """
    if not same_host(event_uri, sender.uri):
        return False
    event = neighbours.get_event(tx, event_uri)
    if event is None or event.actor_uri == sender.uri or sender.is_automatic:
        return True
    holder = remote_actors.get(tx, event.actor_uri)
    return holder is not None and holder.type in {"Group", "Organization"}


async def _event(deps: Deps, url: str) -> NeighbourEvent:
    """Return the event as its origin has it; while that is down, or it is gone, as we know it."""
    try:
        found = await objects.fetch(deps, url, budget=Budget(cause=Cause.OURS))
    except RemoteFailure as error:
        known = await deps.db.read(lambda tx: neighbours.get_event(tx, url))
        if known is None or not (error.retry or known.deleted_at):
            raise
        return known
    if not isinstance(found.content, EventDocument):
        raise BadDocument(f"{url} is not an event")
    if not found.content.is_public:
        raise NotAllowed(f"{url} is not public", cure="only public events can be answered")
    event, listed = found.content.event, found.content.is_listed
    return replace(event, actor_uri=found.author.uri, listed=listed)
