"""Fan-out: one post to thousands of inboxes, beside sign-and-POST with nothing else."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.certificates import CA
from benchmarks.figures import Figure, at_least, shares, table
from benchmarks.programs import Chapter, Helper, free_port, until
from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.store import followers, local_actors, remote_actors
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import WriteTx

HOSTS, OF_HOST = 1_000, 5
POST = "A walk along the river on Saturday, and soup for everyone afterwards. #river " * 3
BODY = 2_000
"""Bytes of the bare limit's body: about what the post above becomes."""


@dataclass(slots=True)
class Runs:
    """What several runs of one setting gave."""

    rates: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Setting:
    """A sink, and a chapter whose followers' inboxes are there."""

    sink: Helper
    seed: Chapter
    inboxes: list[str]
    live: int
    extra_ca: Path | None


def measure(repeats: int) -> str:
    """Measure all settings, `repeats` times each, and return the table."""
    with _setting() as plain, _setting(tls=True) as secure, _setting(dead=True) as dying:
        found = [Runs(), Runs(), Runs()]
        for _ in range(repeats):
            for runs, setting in zip(found, (plain, secure, dying), strict=True):
                _run(setting, runs, with_limit=setting is not dying)
    return table(
        f"Fan-out: one post, {HOSTS * OF_HOST:,} inboxes on {HOSTS:,} hosts",
        (*_figures("http", found[0]), *_figures("TLS", found[1]), *_dying(found[2], found[0])),
    )


def _figures(name: str, runs: Runs) -> Iterator[Figure]:
    yield Figure(f"{name}: deliveries", "/s", runs.rates)
    yield Figure(f"{name}: bare limit", "/s", runs.limits)
    yield Figure(f"{name}: of the limit", "%", shares(runs.rates, runs.limits), at_least(60))
    yield from _cost(name, runs)


def _dying(runs: Runs, healthy: Runs) -> Iterator[Figure]:
    name = "10 % hang, 10 % refuse"
    yield Figure(f"{name}: deliveries to live hosts", "/s", runs.rates)
    share = shares(runs.rates, healthy.rates)
    yield Figure(f"{name}: of the rate without", "%", share, at_least(90))
    yield from _cost(name, runs)


def _cost(name: str, runs: Runs) -> Iterator[Figure]:
    yield Figure(f"{name}: CPU of the worker", "s", runs.cpu)
    yield Figure(f"{name}: peak memory of the worker", "MB", runs.memory)


@contextmanager
def _setting(*, tls: bool = False, dead: bool = False) -> Iterator[Setting]:
    with tempfile.TemporaryDirectory(prefix="bench-fanout-") as name:
        folder = Path(name)
        tls_folder = name if tls else None
        with Helper("sink", hosts=HOSTS, dead=dead, tls_folder=tls_folder) as sink:
            places = sink.ask("places")
            extra_ca = folder / CA if tls else None
            seed = Chapter(folder / "seed", free_port(), extra_ca)
            seed.found()
            inboxes = [
                f"{origin}/u{n}/inbox" for n in range(OF_HOST) for origin in places["origins"]
            ]
            asyncio.run(_follow(seed, inboxes))
            yield Setting(sink, seed, inboxes, places["live"] * OF_HOST, extra_ca)


async def _follow(chapter: Chapter, inboxes: list[str]) -> None:
    url = f"sqlite+aiosqlite:///{chapter.data / 'chapter.db'}"
    db = open_database(url, clock=SystemClock(), ids=RandomIds())

    def insert(tx: WriteTx) -> None:
        ours = local_actors.chapter(tx)
        if ours is None:
            raise RuntimeError("the chapter was not founded")
        for inbox in inboxes:
            actor = _actor(inbox)
            remote_actors.put(tx, actor)
            followers.put(tx, ours.id, actor.uri, f"{actor.uri}#follow", FollowState.ACCEPTED)

    await db.write(insert)
    await db.close()


def _actor(inbox: str) -> RemoteActor:
    uri = inbox.removesuffix("/inbox")
    host, _, name = uri.partition("://")[2].partition("/")
    return RemoteActor(
        uri=uri,
        host=host,
        type="Person",
        username=name,
        handle=f"{name}@{host}",
        name=name,
        inbox=inbox,
        url=uri,
    )


def _run(setting: Setting, runs: Runs, *, with_limit: bool) -> None:
    """Post once through a real worker on a fresh copy of the data, and once bare."""
    folder = setting.seed.data.with_name("run")
    shutil.copytree(setting.seed.data, folder)
    chapter = Chapter(folder, setting.seed.port, setting.extra_ca)
    setting.sink.ask("reset")
    with chapter.serving("worker") as worker:
        before = worker.cpu()
        chapter.command("post", "create", POST)
        runs.rates.append(_rate(setting))
        runs.cpu.append(worker.cpu() - before)
        runs.memory.append(worker.memory())
    shutil.rmtree(folder)
    if with_limit:
        setting.sink.ask("reset")
        extra_ca = str(setting.extra_ca) if setting.extra_ca else None
        with Helper("limit", extra_ca=extra_ca) as limit:
            limit.ask("send", inboxes=setting.inboxes, size=BODY)
            runs.limits.append(_rate(setting))


def _rate(setting: Setting) -> float:
    """Wait until every live inbox has it, and return how many a second arrived."""
    until(lambda: setting.sink.ask("count") >= setting.live, "all deliveries")
    report = setting.sink.ask("report")
    if report["arrived"] != report["different"]:
        raise RuntimeError(f"{report['arrived'] - report['different']} deliveries came twice")
    return float(setting.live / (report["last"] - report["first"]))
