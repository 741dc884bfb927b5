"""What nobody needs any more is swept out, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import func, select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.member import OAuthApp
from fedi_chapter.services.posts import PostFields, create_post, delete_post
from fedi_chapter.services.retention import sweep
from fedi_chapter.store import inbox, oauth_apps, organizers, remote_actors, tables, tombstones
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from fedi_chapter.workers import schedule
from tests.kit.builders import a_remote_actor
from tests.kit.ids import CountedIds
from tests.kit.sending import Inboxes, Sender, found_sender, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sender(
    db: Database,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: SetClock,
    ids: CountedIds,
) -> Sender:
    return await found_sender(db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=Inboxes())


async def _sweep(sender: Sender) -> dict[str, int]:
    return await sender.deps.db.write(lambda tx: sweep(tx, sender.deps.urls))


def _count(tx: ReadTx, table: str) -> int:
    query = select(func.count()).select_from(tables.metadata.tables[table])
    return tx.conn.execute(query).scalar_one()


async def test_the_ledger_of_what_came_in_is_kept_for_thirty_days(
    sender: Sender, clock: SetClock
) -> None:
    come = Incoming("https://b.test/1", "https://b.test/u", "Like", b"{}")

    def put(tx: WriteTx) -> None:
        inbox.put_many(tx, [come, replace(come, actor_uri="https://b.test/v")])
        first, _ = inbox.claim(tx, 2, timedelta(minutes=1))
        inbox.finish(tx, first.id, "done")

    await sender.deps.db.write(put)
    clock.advance(timedelta(days=29))
    assert (await _sweep(sender))["inbox_rows"] == 0
    clock.advance(timedelta(days=2))
    assert (await _sweep(sender))["inbox_rows"] == 1  # the other one still waits
    assert await sender.deps.db.read(lambda tx: _count(tx, "inbox")) == 1


async def test_what_could_not_be_read_is_emptied_after_fourteen_days(
    sender: Sender, clock: SetClock
) -> None:
    come = Incoming("https://b.test/1", "https://b.test/u", "Like", b"{}")

    def put(tx: WriteTx) -> None:
        inbox.put_many(tx, [come])
        (job,) = inbox.claim(tx, 1, timedelta(minutes=1))
        inbox.park(tx, job.id, "bug")

    await sender.deps.db.write(put)
    clock.advance(timedelta(days=13))
    assert (await _sweep(sender))["inbox_bodies"] == 0
    clock.advance(timedelta(days=2))
    assert (await _sweep(sender))["inbox_bodies"] == 1


async def test_deletions_of_others_are_remembered_for_ninety_days_and_ours_for_ever(
    sender: Sender, clock: SetClock
) -> None:
    def put(tx: WriteTx) -> None:
        tombstones.put(tx, "https://b.test/1", "Note", ours=False)
        tombstones.put(tx, "https://chapter.test/1", "Note", ours=True)

    await sender.deps.db.write(put)
    clock.advance(timedelta(days=89))
    assert (await _sweep(sender))["tombstones"] == 0
    clock.advance(timedelta(days=2000))
    assert (await _sweep(sender))["tombstones"] == 1
    assert await sender.deps.db.read(lambda tx: tombstones.has(tx, "https://chapter.test/1"))


async def test_a_used_sign_in_link_goes_after_a_day(sender: Sender, clock: SetClock) -> None:
    def put(tx: WriteTx) -> None:
        (organizer,) = organizers.listing(tx)
        organizers.put_link(tx, organizer.id, "hash", tx.now + timedelta(days=400))
        organizers.use_link(tx, "hash")

    await sender.deps.db.write(put)
    assert (await _sweep(sender))["sign_in_links"] == 0
    clock.advance(timedelta(days=2))
    assert (await _sweep(sender))["sign_in_links"] >= 1


async def test_our_registration_at_a_server_goes_half_a_year_after_the_last_sign_in(
    sender: Sender, clock: SetClock
) -> None:
    unused = OAuthApp(
        issuer="https://m.test",
        client_id="id",
        secret_sealed=b"sealed",
        redirect_uri="https://chapter.test/sign-in/return/m",
        scope="read:me",
        authorize_url="https://m.test/oauth/authorize",
        token_url="https://m.test/oauth/token",
        revoke_url="https://m.test/oauth/revoke",
        userinfo_url=None,
        checked_at=clock.now(),
    )
    used = replace(unused, issuer="https://n.test", checked_at=clock.now() + timedelta(days=9))
    for app in (unused, used):
        await sender.deps.db.write(lambda tx, app=app: oauth_apps.put(tx, app))  # type: ignore[misc]
    clock.advance(timedelta(days=180))
    assert (await _sweep(sender))["oauth_apps"] == 0
    clock.advance(timedelta(days=1))
    assert (await _sweep(sender))["oauth_apps"] == 1
    assert await sender.deps.db.read(lambda tx: oauth_apps.get(tx, used.issuer)) == used


async def test_who_was_told_of_a_deleted_post_is_forgotten_thirty_days_after_it(
    sender: Sender, clock: SetClock
) -> None:
    await sender.followed_by("https://b.test/inbox")
    write, urls = sender.deps.db.write, sender.deps.urls
    fields = PostFields(text="Hello", visibility=Visibility.PUBLIC)
    kept = await write(lambda tx: create_post(tx, sender.actor, fields, urls))
    gone = await write(lambda tx: create_post(tx, sender.actor, fields, urls))
    for post in (kept, gone):
        await sender.tell("Create", urls.post(post.id))
    async with sender.delivering():
        inboxes = sender.deps.poster
        assert isinstance(inboxes, Inboxes)
        await until(lambda: len(inboxes.taken) == 2)
    await write(lambda tx: delete_post(tx, gone.id))
    clock.advance(timedelta(days=29))
    assert (await _sweep(sender))["deliveries"] == 0
    clock.advance(timedelta(days=2))
    assert (await _sweep(sender))["deliveries"] == 1
    assert await sender.deps.db.read(lambda tx: _count(tx, "activities")) == 1


async def test_an_answer_is_forgotten_an_hour_after_it_arrived(
    sender: Sender, clock: SetClock
) -> None:
    await sender.followed_by("https://b.test/inbox")
    for kind in ("Create", "Accept"):
        await sender.tell(kind, f"https://b.test/{kind}")
    clock.advance(timedelta(days=31))
    assert (await _sweep(sender))["answers"] == 0  # it has not arrived
    async with sender.delivering():
        inboxes = sender.deps.poster
        assert isinstance(inboxes, Inboxes)
        await until(lambda: len(inboxes.taken) == 2)
    assert (await _sweep(sender))["answers"] == 1
    assert await sender.deps.db.read(lambda tx: _count(tx, "activities")) == 1
    assert await sender.deps.db.read(lambda tx: _count(tx, "deliveries")) == 1


async def test_actors_met_once_are_forgotten_a_few_at_a_time(
    sender: Sender, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "AT_ONCE", 2)
    await sender.followed_by("https://friend.test/inbox")

    def meet(tx: WriteTx) -> None:
        for number in range(5):
            remote_actors.put(tx, a_remote_actor(f"passer-by-{number}"))

    await sender.deps.db.write(meet)
    clock.advance(timedelta(days=31))
    (sweeping,) = (task for task in schedule.TASKS if task.name == "sweep")
    await sweeping.do(sender.deps)
    assert await sender.deps.db.read(lambda tx: _count(tx, "remote_actors")) == 1
