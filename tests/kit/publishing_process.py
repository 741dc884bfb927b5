"""An organizer's process that may be killed: does what it is told, one wish after the other.

Run by `mortal(publishing, DATABASE, FOLDER)`; says that it is ready, then takes `create NAME`,
`rename ID NAME` and `delete ID`, and answers each with the event's id after the commit.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.errors import Gone
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.event import EventId, RsvpMode
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event, delete_event, edit_event
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import WriteTx
from tests.kit.mortal import READY
from tests.kit.sending import Inboxes, Sender, chapter_of, deps_on


def create(tx: WriteTx, sender: Sender, name: str) -> str:
    """Publish an event, without a poll: its last totals would wait until the year 2099."""
    fields = EventFields(name=name, start="2099-05-01T19:00", timezone="UTC", rsvp=RsvpMode.OFF)
    return create_event(tx, sender.actor, fields, sender.deps.urls).id


def rename(tx: WriteTx, sender: Sender, event: str, name: str) -> str:
    """Give an event another name."""
    return edit_event(tx, EventId(event), EventFields(name=name), sender.deps.urls).id


def delete(tx: WriteTx, _: Sender, event: str) -> str:
    """Delete an event; one that is deleted already stays so."""
    with suppress(Gone):
        delete_event(tx, EventId(event))
    return event


WISHES: Mapping[str, Callable[..., str]] = {"create": create, "rename": rename, "delete": delete}


async def _main(line: "Connection[str, str]", url: str, data: Path) -> None:
    clock, ids = SystemClock(), RandomIds()
    db = open_database(url, clock=clock, ids=ids)
    deps = deps_on(db, data, clock=clock, ids=ids, poster=Inboxes())
    sender = Sender(deps, await chapter_of(db))
    line.send(READY)
    while True:
        wish, *words = (await asyncio.to_thread(line.recv)).split()
        done = await db.write(lambda tx, do=WISHES[wish], said=words: do(tx, sender, *said))  # type: ignore[misc]
        line.send(done)


def publishing(line: "Connection[str, str]", url: str, data: str) -> None:
    """Fulfil wishes over the database at `url`."""
    asyncio.run(_main(line, url, Path(data)))
