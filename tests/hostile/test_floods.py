"""Floods and crowds (ABU-01, ABU-02, ABU-05): who sends much harms himself, and nobody else."""

import asyncio
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.deps import Deps
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.inbox import InboxJob, Incoming
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.federation import inbox as door
from fedi_chapter.federation import remote_actors
from fedi_chapter.federation.dispatch import Went
from fedi_chapter.federation.handlers import flag, follow
from fedi_chapter.net.fetch import Budget
from fedi_chapter.services.moderation import allow
from fedi_chapter.store import followers, inbox, reactions, replies, reports
from fedi_chapter.store.tx import Database, ReadTx
from fedi_chapter.workers import inbox as worker
from tests.kit.patience import PATIENCE
from tests.kit.peers.mastodon import Mastodon
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio
LEASE = timedelta(minutes=5)


async def crowd_follows(chapter: Chapter, server: Mastodon, size: int, start: int = 0) -> None:
    for number in range(start, start + size):
        assert await server.member(f"u{number}").follow(chapter.uri) == 202


async def waiting(chapter: Chapter) -> int:
    return len(await chapter.read(lambda tx: followers.pending(tx, chapter.actor.id)))


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MOST_OF_HOST", 3)
    monkeypatch.setattr(follow, "MOST", 5)
    monkeypatch.setattr(follow, "MOST_WAITING", 4)


@pytest.mark.usefixtures("small_limits")
async def test_a_rush_of_one_host_waits_for_an_organizer_and_is_bounded(  # ABU-01
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await crowd_follows(chapter, mastodon, 10)
    await world.settle()
    assert (len(await chapter.followers()), await waiting(chapter)) == (3, 4)
    assert mastodon.types() == ["Accept"] * 3
    other = world.mastodon("quiet.test")
    await other.member("ana").follow(chapter.uri)
    await world.settle()
    assert other.types() == ["Accept"]
    clock.advance(timedelta(hours=1, seconds=1))
    await crowd_follows(chapter, mastodon, 1, start=20)
    await world.settle()
    assert mastodon.types() == ["Accept"] * 4


@pytest.mark.usefixtures("small_limits")
async def test_a_rush_of_many_hosts_waits_as_well(world: World) -> None:  # ABU-01
    chapter = await world.chapter("a.test")
    for number in range(8):
        await world.mastodon(f"m{number}.test").member("ana").follow(chapter.uri)
    await world.settle()
    assert (len(await chapter.followers()), await waiting(chapter)) == (5, 3)


async def test_reports_of_one_host_are_bounded_and_keep_no_other_out(  # ABU-07
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flag, "MOST_WAITING", 3)
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    for number in range(6):
        await mastodon.member("ana").report([f"{chapter.uri}/{number}"], "bad")
    await world.mastodon("other.test").member("ben").report([chapter.uri], "worse")
    await world.settle()
    waiting = await chapter.read(reports.listing)
    assert sorted(each.comment for each in waiting) == ["bad"] * 3 + ["worse"]
    await chapter.write(lambda tx: reports.close(tx, waiting[0].id))
    await mastodon.member("ana").report([f"{chapter.uri}/again"], "still bad")
    await world.settle()
    assert len(await chapter.read(reports.listing)) == 4


@pytest.mark.usefixtures("small_limits")
async def test_an_organizers_yes_lets_those_in_who_wait_and_tells_them(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await crowd_follows(chapter, mastodon, 6)
    await world.settle()
    await chapter.write(lambda tx: allow(tx, "m.test"))
    await world.settle()
    assert (len(await chapter.followers()), await waiting(chapter)) == (6, 0)
    assert mastodon.types() == ["Accept"] * 6
    follows = [each.activity["object"] for each in mastodon.received]
    assert {each["id"] for each in follows if isinstance(each, dict)} == {
        member.follows[chapter.uri]["id"] for member in mastodon.members.values()
    }
    await crowd_follows(chapter, mastodon, 3, start=6)
    await world.settle()
    assert len(await chapter.followers()) == 9


@pytest.mark.usefixtures("small_limits")
async def test_one_who_waits_can_ask_again_and_still_waits(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", federation="hold"), world.mastodon("m.test")
    await crowd_follows(chapter, mastodon, 4)
    await world.settle()
    await mastodon.member("u0").follow(chapter.uri)
    await world.settle()
    known = await chapter.read(
        lambda tx: followers.get(tx, chapter.actor.id, mastodon.member("u0").uri)
    )
    assert known
    assert known.state is FollowState.PENDING
    assert known.follow_activity == mastodon.member("u0").follows[chapter.uri]["id"]


async def test_links_of_strangers_under_our_posts_wait_for_an_organizer(  # ABU-02
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post = await chapter.post("Hello #bus")
    for number in range(30):
        spammer = mastodon.member(f"fresh{number}")
        await spammer.reply(post, '<a href="https://spam.example/">win</a> #bus')
    await world.settle()
    assert await chapter.read(lambda tx: replies.thread(tx, [post], 50)) == []
    for page in (post, f"{chapter.urls.base}/tags/bus", f"{chapter.urls.base}/"):
        headers = {"Host": "a.test", "Accept": "text/html"}
        answer = await world.network.send("GET", page, headers)
        assert answer.status_code == 200
        assert b"spam.example" not in answer.content


def row(host: str, number: int) -> Incoming:
    actor = f"https://{host}/u{number}"
    return Incoming(f"{actor}/{number}", actor, "Like", b"{}", host)


@pytest.mark.parametrize("most", [3, 100])
async def test_hosts_take_turns_in_the_inbox(db: Database, most: int) -> None:  # ABU-05
    flood = [row("loud.test", number) for number in range(200)]
    quiet = [row("a.test", 1), row("quiet.test", 1), row("quiet.test", 2)]
    await db.write(lambda tx: inbox.put_many(tx, [*flood, *quiet]))
    jobs = await db.write(lambda tx: inbox.claim(tx, most, LEASE, per_host=5))
    hosts = [job.host for job in jobs]
    assert {"a.test", "loud.test", "quiet.test"} == set(hosts)
    assert hosts.count("loud.test") == (1 if most == 3 else 5)
    busy = ["loud.test", "nobody.test"]
    again = await db.write(lambda tx: inbox.claim(tx, 100, LEASE, per_host=5, busy=busy))
    assert {job.host for job in again} <= {"quiet.test", "a.test"}
    left = await db.write(lambda tx: inbox.claim(tx, 1_000, LEASE))
    assert len(jobs) + len(again) + len(left) == 203


async def test_a_host_that_answers_slowly_holds_only_its_part_of_the_places(  # ABU-05
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = await world.chapter("a.test")
    begun: list[str] = []
    never = asyncio.Event()

    async def process(_: object, job: InboxJob) -> None:
        begun.append(job.host)
        if job.host == "slow.test":
            await never.wait()

    monkeypatch.setattr(worker, "process", process)
    queue = worker.queue(chapter.deps)
    rows = [row("slow.test", number) for number in range(300)]
    await chapter.write(lambda tx: inbox.put_many(tx, rows))
    running: list[asyncio.Future[None]] = []
    for _ in range(4):
        for job in await chapter.write(lambda tx: queue.claim(tx, worker.WIDTH)):
            running.append(asyncio.ensure_future(queue.do(job)))
        await asyncio.sleep(0)
    await chapter.write(lambda tx: inbox.put_many(tx, [row("quick.test", 1)]))
    (job,) = await chapter.write(lambda tx: queue.claim(tx, worker.WIDTH))
    await queue.do(job)
    assert begun.count("slow.test") <= 2 * worker.PER_HOST
    assert begun[-1] == "quick.test"
    never.set()
    await asyncio.gather(*running)
    assert len(await chapter.write(lambda tx: queue.claim(tx, worker.WIDTH))) == worker.PER_HOST


async def test_slow_activities_of_one_sender_hold_up_nobody_else_of_their_server(  # ABU-05
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    mallory, ana, ben = (server.member(name) for name in ("mallory", "ana", "ben"))
    post, never, begun = await chapter.post("Hello"), asyncio.Event(), list[str]()
    await mallory.like(post)
    await world.settle()
    for number in range(250):
        thing, uri = f"https://slow.test/{number}", f"{mallory.uri}/{number}"
        slow = mallory.activity("Announce", thing, uri=uri)
        assert await mallory.send(chapter.urls.shared_inbox, slow) == 202
    process = worker.process

    async def hanging(deps: Deps, job: InboxJob) -> Went:
        begun.append(job.actor_uri)
        if job.actor_uri == mallory.uri:
            await never.wait()
        return await process(deps, job)

    monkeypatch.setattr(worker, "process", hanging)
    queue = worker.queue(chapter.deps)
    running: dict[str, list[asyncio.Future[None]]] = {mallory.uri: [], ana.uri: [], ben.uri: []}
    for honest in (None, ana, ben):  # the first while they wait, the others while one hangs
        if honest is not None:
            assert await honest.like(post) == 202
        for job in await chapter.write(lambda tx: queue.claim(tx, worker.WIDTH)):
            running[job.actor_uri].append(asyncio.ensure_future(queue.do(job)))
        await asyncio.gather(*running[ana.uri], *running[ben.uri])
    assert begun == [mallory.uri, ana.uri, ben.uri]
    assert await chapter.read(lambda tx: reactions.counts(tx, [post])) == (3, 0)
    never.set()
    await asyncio.gather(*running[mallory.uri])


async def test_a_crowd_at_the_door_slows_the_processing_and_does_not_stop_it(  # ABU-05
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = await world.chapter("a.test")
    never, done = asyncio.Event(), asyncio.Event()

    async def process(_: object, job: InboxJob) -> None:
        await (never.wait() if job.host == "slow.test" else asyncio.sleep(0))
        done.set()

    monkeypatch.setattr(worker, "process", process)
    monkeypatch.setattr(worker, "TURN", 2)
    monkeypatch.setattr(worker, "REST", 0.01)
    chapter.deps.metrics.levels[worker.INSIDE] = worker.CROWD
    queue = worker.queue(chapter.deps)
    rows = [*(row("slow.test", number) for number in range(4)), row("quick.test", 1)]
    await chapter.write(lambda tx: inbox.put_many(tx, rows))
    jobs = await chapter.write(lambda tx: queue.claim(tx, worker.WIDTH))
    running = [asyncio.ensure_future(queue.do(job)) for job in jobs]
    await asyncio.sleep(0)
    assert not done.is_set()
    async with asyncio.timeout(PATIENCE):  # those that hang keep no turn
        await done.wait()
    never.set()
    await asyncio.gather(*running)


async def test_the_processing_goes_on_as_soon_as_the_crowd_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = await world.chapter("a.test")
    done = asyncio.Event()

    async def process(_: object, __: InboxJob) -> None:
        done.set()

    monkeypatch.setattr(worker, "process", process)
    monkeypatch.setattr(worker, "REST", 60.0)
    monkeypatch.setattr(worker, "GLANCES", 6_000)
    chapter.deps.metrics.levels[worker.INSIDE] = worker.CROWD
    queue = worker.queue(chapter.deps)
    await chapter.write(lambda tx: inbox.put_many(tx, [row("quick.test", 1)]))
    [job] = await chapter.write(lambda tx: queue.claim(tx, worker.WIDTH))
    running = asyncio.ensure_future(queue.do(job))
    await asyncio.sleep(0)
    assert not done.is_set()
    chapter.deps.metrics.levels[worker.INSIDE] = 0
    async with asyncio.timeout(PATIENCE):
        await running


async def test_a_flood_of_one_host_is_told_to_come_back_and_others_are_let_in(  # ABU-05
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_WAITING_HOST", 5)
    chapter = await world.chapter("a.test")
    loud, quiet = world.mastodon("loud.test"), world.mastodon("quiet.test")
    post = await chapter.post("Hello")
    answers = [await loud.member(f"u{number}").like(post) for number in range(8)]
    assert answers == [202] * 5 + [503] * 3
    assert await quiet.member("ana").like(post) == 202
    await world.settle()
    assert await loud.member("u9").like(post) == 202


async def test_keys_of_one_slow_host_do_not_keep_the_door_shut_for_others(  # ABU-05, SIG-16
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = await world.chapter("a.test")
    post = await chapter.post("Hello")
    slow, quick = world.mastodon("slow.test"), world.mastodon("quick.test")
    never, asked = asyncio.Event(), 0
    real = remote_actors.fetched_key

    async def fetched_key(
        deps: Deps, key_id: str, budget: Budget, *, is_welcome: bool = False
    ) -> RemoteKey:
        nonlocal asked
        if "slow.test" in key_id:
            asked += 1
            await never.wait()
        return await real(deps, key_id, budget, is_welcome=is_welcome)

    monkeypatch.setattr(remote_actors, "fetched_key", fetched_key)
    senders = [asyncio.create_task(slow.member(f"u{n}").like(post)) for n in range(100)]
    for _ in range(200):
        await asyncio.sleep(0.005)
        if sum(task.done() for task in senders) >= 100 - door.MOST_ASKING_DOMAIN:
            break
    assert await quick.member("ana").like(post) == 202
    assert asked == door.MOST_ASKING_DOMAIN
    never.set()
    answers = sorted(await asyncio.gather(*senders))
    assert answers == [202] * door.MOST_ASKING_DOMAIN + [503] * (100 - door.MOST_ASKING_DOMAIN)


async def test_the_room_of_a_host_is_counted_up_to_its_limit(sqlite_db: Database) -> None:
    await sqlite_db.write(lambda tx: inbox.put_many(tx, [row("a.test", n) for n in range(4)]))

    def rooms(tx: ReadTx) -> tuple[int, ...]:
        return (
            inbox.room(tx, "a.test", 10),
            inbox.room(tx, "a.test", 3),
            inbox.room(tx, "b.test", 3),
        )

    assert await sqlite_db.read(rooms) == (6, 0, 3)
