"""A worker that is killed at any moment loses nothing and turns nothing around."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.event import EventId, RsvpMode
from fedi_chapter.domain.notice import NoticeRoute
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.services import rsvps
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event, delete_event, edit_event
from fedi_chapter.services.messages import message_attendees
from fedi_chapter.store import deliveries, notice_queue, outbox
from fedi_chapter.store import rsvps as rsvp_rows
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from fedi_chapter.workers.notices import WIDTH
from tests.kit.mail_server import MailServer
from tests.kit.mortal import mortal
from tests.kit.receivers import Receivers
from tests.kit.sending import Inboxes, Sender, found_sender, until_stored
from tests.kit.sending_worker import sending

pytestmark = pytest.mark.anyio
SERVERS, INBOXES = 5, 4
KILLS = 6


async def _act(sender: Sender) -> list[EventId]:
    """Publish three events, edit the last two, delete the last one."""
    write, urls = sender.deps.db.write, sender.deps.urls
    # Without a poll: the last totals of one would wait until the year 2099.
    new = EventFields(
        name="Tea for all", start="2099-05-01T19:00", timezone="UTC", rsvp=RsvpMode.OFF
    )
    made = [await write(lambda tx: create_event(tx, sender.actor, new, urls)) for _ in range(3)]
    moved = EventFields(name="Tea, moved")
    await write(lambda tx: edit_event(tx, made[1].id, moved, urls))
    await write(lambda tx: edit_event(tx, made[2].id, moved, urls))
    await write(lambda tx: delete_event(tx, made[2].id))
    return [event.id for event in made]


def _all_told(tx: ReadTx) -> bool:
    status = deliveries.status(tx)
    return outbox.waiting(tx) == status.waiting == status.in_flight == 0


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
async def test_every_inbox_ends_in_the_final_state_after_kills(
    database_url: str,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    kills: int,
) -> None:
    chance, receivers = random.Random(7), Receivers()
    clock, ids = SystemClock(), RandomIds()
    db: Database = open_database(database_url, clock=clock, ids=ids)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        hosts = [await stack.enter_async_context(receivers.at_a_port()) for _ in range(SERVERS)]
        sender = await found_sender(
            db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=Inboxes()
        )
        inboxes = [f"{host}/{number}" for host in hosts for number in range(INBOXES)]
        await sender.followed_by(*inboxes)
        events: list[EventId] = []
        for _ in range(kills):
            async with mortal(sending, database_url, str(tmp_path)):
                events += await _act(sender)
                await asyncio.sleep(chance.uniform(0.02, 0.6))
        async with mortal(sending, database_url, str(tmp_path)):
            await until_stored(db, _all_told)
        status = await db.read(deliveries.status)
    assert status.failed == 0
    deleted = set(events[2::3])
    for inbox in inboxes:
        told = receivers.told[inbox.removeprefix("http://")]
        for event in events:
            face = sender.deps.urls.face(event)
            kinds = [kind for uri, kind in told.items() if uri.partition("#")[0] == face]
            _check(kinds, is_deleted=event in deleted, is_edited=event not in set(events[::3]))


def _check(kinds: list[str], *, is_deleted: bool, is_edited: bool) -> None:
    """Check that what came about one event came in order and ended as it should."""
    order = ["Create", "Update", "Delete"]
    assert kinds == sorted(kinds, key=order.index)
    if is_deleted:  # one that was deleted before it was told is never created
        assert kinds[-1] == "Delete"
    else:
        assert kinds == order[: 2 if is_edited else 1]


@pytest.mark.slow
async def test_everybody_is_told_everything_once_after_kills(
    database_url: str, tmp_path: Path, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    """A letter the mail server took just before a kill goes out again, as the same letter."""
    chance, receivers = random.Random(7), Receivers()
    clock, ids = SystemClock(), RandomIds()
    db: Database = open_database(database_url, clock=clock, ids=ids)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        mail = await stack.enter_async_context(MailServer())
        host = await stack.enter_async_context(receivers.at_a_port())
        sender = await found_sender(
            db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=Inboxes()
        )
        inboxes = [f"{host}/{number}" for number in range(SERVERS * INBOXES)]
        await sender.followed_by(*inboxes)
        addresses = [f"guest-{number}@mail.example" for number in range(SERVERS * INBOXES)]
        event = await db.write(lambda tx: _an_event_they_come_to(tx, sender, inboxes, addresses))
        for number in range(KILLS):
            async with mortal(sending, database_url, str(tmp_path), mail.url):
                await db.write(lambda tx, n=number: message_attendees(tx, event, f"Word {n}"))  # type: ignore[misc]
                await asyncio.sleep(chance.uniform(0.02, 0.6))
        async with mortal(sending, database_url, str(tmp_path), mail.url):
            await until_stored(db, _all_sent)
    prefix = sender.deps.urls.notice("")
    for inbox in inboxes:
        told = [uri for uri in receivers.told[inbox.removeprefix("http://")] if prefix in uri]
        assert len(told) == 1 + KILLS  # that they come, and every word
    letters = [(letter["to"], letter["message-id"]) for letter in mail.letters]
    assert Counter(to for to, _ in set(letters)) == dict.fromkeys(addresses, KILLS)
    assert len(letters) - len(set(letters)) <= KILLS * WIDTH[NoticeRoute.MAIL]


def _an_event_they_come_to(
    tx: WriteTx, sender: Sender, inboxes: list[str], addresses: list[str]
) -> EventId:
    fields = EventFields(name="Tea for all", start="2099-05-01T19:00", timezone="UTC")
    event = create_event(tx, sender.actor, fields, sender.deps.urls)
    for inbox in inboxes:
        uri = f"{inbox}#owner"
        rsvps.respond(tx, event, Party(uri, uri), _yes(tx, Route.POLL))
    for address in addresses:
        party = Party(f"mailto:{address}", email=address)
        said = rsvps.respond(tx, event, party, _yes(tx, Route.WEB)).rsvp
        rsvp_rows.change(tx, replace(said, email_confirmed_at=tx.now))
    return event.id


def _yes(tx: WriteTx, route: Route) -> Saying:
    return Saying(Answer.GOING, route, tx.now, RANKS[Answer.GOING])


def _all_sent(tx: ReadTx) -> bool:
    status = deliveries.status(tx)
    waiting = notice_queue.next_due(tx) is not None
    return not waiting and status.waiting == status.in_flight == 0
