"""An event of a chapter, and people of another server who answer it over the wire.

Used by the tests of RSVP routes and of floods; how activities are written is in `dialects`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from fedi_chapter.core.html import plain
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.rsvp import Party, Rsvp
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.services.rsvps import key_of
from fedi_chapter.store import events, rsvps, tallies
from fedi_chapter.store.tables import inbox, notices
from fedi_chapter.store.tallies import Tally
from fedi_chapter.store.tx import ReadTx
from tests.kit.dialects import Invitation
from tests.kit.peers.mastodon import Json, Mastodon, Member
from tests.kit.world import Chapter, World


@dataclass
class Gathering:
    """A chapter with an event, and a server full of people who may come."""

    world: World
    chapter: Chapter
    server: Mastodon
    event_id: EventId
    to: Invitation

    def member(self, name: str = "ana") -> Member:
        return self.server.member(name)

    async def event(self) -> Event:
        found = await self.chapter.read(lambda tx: events.get(tx, self.event_id))
        assert found is not None
        return found

    async def send(self, member: Member, activity: Json) -> int:
        """Deliver one activity to the shared inbox and let everybody work; return the status."""
        status = await member.send(self.chapter.urls.shared_inbox, activity)
        await self.world.settle()
        return status

    async def rsvp(self, name: str = "ana") -> Rsvp | None:
        uri, event = self.member(name).uri, await self.event()

        def find(tx: ReadTx) -> Rsvp | None:
            return rsvps.find(tx, event.id, key_of(tx, event, Party(key=uri)))

        return await self.chapter.read(find)

    async def status(self, name: str = "ana") -> str | None:
        """Return how somebody stands, None when nothing is known of them."""
        found = await self.rsvp(name)
        return found.status.value if found else None

    async def tally(self) -> Tally:
        return await self.chapter.read(lambda tx: tallies.get(tx, self.event_id))

    async def last_outcome(self) -> str:
        return (await self.chapter.outcomes())[-1]

    async def let_in(self) -> int:
        """Return how many activities were stored at all."""
        rows = select(inbox.c.id)
        return len(await self.chapter.read(lambda tx: tx.conn.execute(rows).all()))

    async def notices(self) -> Counter[str]:
        """Return what people were told by direct message, by kind."""
        rows = select(notices.c.kind).where(notices.c.state == "sent")
        return Counter(await self.chapter.read(lambda tx: list(tx.conn.execute(rows).scalars())))

    def answers(self, name: str = "ana") -> list[Json]:
        """Return the Accepts, Rejects and Ignores that came back to somebody."""
        inbox_path = f"/users/{name}/inbox"
        return [
            each.activity
            for each in self.server.received
            if each.inbox == inbox_path and each.activity["type"] in {"Accept", "Reject", "Ignore"}
        ]

    def letters(self, name: str = "ana") -> list[Json]:
        """Return the direct messages somebody got."""
        found = []
        for each in self.server.received:
            note = each.activity.get("object")
            if isinstance(note, dict) and note.get("to") == [self.member(name).uri]:
                found.append(note)
        return [note for note in found if note["type"] == "Note"]

    def texts(self, name: str = "ana") -> list[str]:
        """Return what the direct messages somebody got say."""
        return [plain(str(note["content"])) for note in self.letters(name)]


async def invite(chapter: Chapter, **fields: object) -> Event:
    """Publish a picnic of the day after tomorrow, unless `fields` (of `EventFields`) differ."""
    start = f"{chapter.deps.clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    made = EventFields(**{"name": "Picnic", "start": start, "timezone": "UTC", **fields})  # type: ignore[arg-type]
    return await chapter.write(lambda tx: create_event(tx, chapter.actor, made, chapter.urls))


async def a_gathering(world: World, **fields: object) -> Gathering:
    """Return an event of the day after tomorrow; `fields` are those of `EventFields`."""
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    event = await invite(chapter, **fields)
    to = Invitation(chapter.urls.event(event.id), chapter.uri, event.poll)
    await world.settle()
    return Gathering(world, chapter, server, event.id, to)
