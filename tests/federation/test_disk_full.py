"""A chapter on a full disk: it goes on reading, refuses what it can't keep, and recovers alone."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.errors import Busy
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.deps import Deps
from fedi_chapter.media import images, poster
from fedi_chapter.services.posts import PostFields, create_post
from fedi_chapter.store import parked
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.outbox import OutboxJob
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.workers import delivery, fanout, loop, supervisor
from fedi_chapter.workers.bell import Bell
from tests.kit.builders import NOW
from tests.kit.databases import Databases
from tests.kit.loopback_peer import LoopbackPeer, loopback_peer
from tests.kit.patience import PATIENCE
from tests.kit.processes import Chapter, free_port, make_authority, until
from tests.kit.sending import Inboxes, found_sender
from tests.kit.sending import until as until_so

LONG = 20_000
"""Bytes of an activity: a few of them fill what is left of the disk."""
READ = {
    "/": "text/html",
    "/calendar": "text/html",
    "/calendar.ics": "text/calendar",
    "/feed.atom": "application/atom+xml",
    "/chapter": "application/activity+json",
}


class Disk:
    """A disk of six megabytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, but: int = 0) -> None:
        """Leave `but` bytes free."""
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                file.truncate(file.tell() - but)

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("a small disk is mounted for this, and only root may mount")
    options = ("-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs")
    done = subprocess.run([mount, *options, str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def serving(disk: Disk, tmp_path: Path, *, log_elsewhere: bool) -> Iterator[Chapter]:
    """Run a chapter on the disk; its log is on the same disk or elsewhere."""
    data = disk.folder / "data"
    chapter = Chapter("Atlanta", "atlanta", data, free_port(), make_authority(tmp_path))
    chapter.found()
    if log_elsewhere:
        (data / "server.log").symlink_to(tmp_path / "server.log")
    try:
        yield chapter.start()
    finally:
        chapter.stop()


def followers_of(chapter: Chapter, peer: LoopbackPeer) -> set[str]:
    prefix = peer.person("")
    return {each["actor"].removeprefix(prefix) for each in chapter.run("followers")}


def says(chapter: Chapter, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command that may be refused."""
    return subprocess.run(
        [sys.executable, "-m", "fedi_chapter", *words, "--data", str(chapter.data)],
        env=chapter.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def follow_until_refused(chapter: Chapter, peer: LoopbackPeer, names: list[str]) -> set[str]:
    """Let people follow until three in a row are refused; return who was acknowledged."""
    acknowledged, refused = set(), 0
    for name in names:
        answer = peer.follow(chapter, name, padding=LONG)
        assert answer.status_code in {202, 503}, answer.text
        if answer.status_code == 202:
            acknowledged.add(name)
            refused = 0
        else:
            assert int(answer.headers["Retry-After"]) > 0
            refused += 1
        if refused == 3:
            return acknowledged
    raise AssertionError("the disk did not fill up")


@pytest.mark.slow
@pytest.mark.parametrize("log_elsewhere", [True, False], ids=["log elsewhere", "log on it too"])
def test_a_full_disk_costs_nothing_that_was_acknowledged_and_passes_by_itself(
    disk: Disk, tmp_path: Path, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey], log_elsewhere: bool
) -> None:
    with (
        loopback_peer(rsa_keys[0]) as peer,
        serving(disk, tmp_path, log_elsewhere=log_elsewhere) as chapter,
    ):
        assert peer.follow(chapter, "ana").status_code == 202
        until(lambda: peer.heard("Accept"), "ana's Accept")
        disk.fill(but=400_000)
        names = [f"guest-{number}" for number in range(200)]
        acknowledged = {"ana"} | follow_until_refused(chapter, peer, names)

        for path, kind in READ.items():
            assert chapter.get(path, kind).status_code == 200, path
        assert chapter.get("/readyz").json()["warnings"] == ["only 0 MB are free on the disk"]
        refused = says(chapter, "post", "create", "x" * LONG)
        assert refused.returncode == 1
        assert "the disk is full" in refused.stderr
        assert "Cure: free space on the disk" in refused.stderr
        examined = says(chapter, "doctor", "--json")
        assert examined.returncode == 1
        (alarm,) = [each for each in json.loads(examined.stdout) if each["check"] == "disk"]
        assert not alarm["ok"]

        disk.make_room()
        assert peer.follow(chapter, "late").status_code == 202
        acknowledged.add("late")
        until(lambda: followers_of(chapter, peer) == acknowledged, "every follower to be known")
        until(lambda: len(set(peer.heard("Accept"))) == len(acknowledged), "every Accept")
        chapter.run("post", "create", "We are back")
        until(lambda: peer.heard("Create"), "the post to be told")
        log = (chapter.data / "server.log").read_text()
    assert "the disk is full" in log
    assert "Traceback" not in log
    assert "lines_lost" not in log or not log_elsewhere
    with closing(sqlite3.connect(chapter.data / "chapter.db")) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.slow
def test_a_start_on_a_full_disk_is_refused_with_the_cure(disk: Disk, tmp_path: Path) -> None:
    with serving(disk, tmp_path, log_elsewhere=True) as chapter:
        chapter.stop()
        disk.fill()
        refused = says(chapter, "run", "--port", "0")
        assert refused.returncode == 3, refused.stderr
        assert "Cure: free space on the disk" in refused.stderr
        disk.make_room()
        chapter.start()


@pytest.mark.anyio
async def test_work_that_finds_no_room_is_never_set_aside(
    databases: Databases,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lease fits into what is left, its work does not: that may go on for days."""
    tries = 0

    async def fan_out(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
        queue = fanout.queue(deps)

        async def counted(job: OutboxJob) -> None:
            nonlocal tries
            tries += 1
            await queue.do(job)

        await loop.work(deps, replace(queue, do=counted), stop=stop, bell=bell)

    for pause in ("INTERRUPTED", "FIRST_RETRY", "LAST_RETRY"):
        monkeypatch.setattr(loop, pause, timedelta(milliseconds=1))
    clock, ids, inboxes = SystemClock(), RandomIds(), Inboxes()
    db = open_database(databases.sqlite(), clock=clock, ids=ids)
    sender = await found_sender(db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=inboxes)
    await sender.followed_by("https://social.example/inbox")
    post = PostFields(text="x" * LONG)
    await db.write(lambda tx: create_post(tx, sender.actor, post, sender.deps.urls))
    await db.write(lambda tx: limit(tx, 1))  # SQLite takes the size it has now
    stop = asyncio.Event()
    loops = {"outbox": fan_out, "deliveries": delivery.run}
    running = asyncio.create_task(supervisor.run(sender.deps, stop=stop, loops=loops))
    await until_so(lambda: tries > 12)
    assert (await db.read(parked.counts)).to_retry == 0
    assert inboxes.taken == []
    await db.write(lambda tx: limit(tx, 1_000_000))
    await until_so(lambda: len(inboxes.taken) == 1)
    stop.set()
    await running
    await db.close()


def limit(tx: WriteTx, pages: int) -> None:
    tx.conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    target = tmp_path / "poster.png"
    subprocess.run([sys.executable, "-I", poster.__file__, str(target)], check=True)
    return target.read_bytes()


def test_a_picture_that_finds_no_room_is_refused_with_the_cure(disk: Disk, picture: bytes) -> None:
    media = disk.folder / "media"

    def store() -> object:
        return images.store(picture, "A poster", media, quota=1 << 30, ids=RandomIds(), now=NOW)

    media.mkdir()
    disk.fill()
    with pytest.raises(Busy, match="No space left") as refused:
        store()
    assert "free space" in str(refused.value.cure)
    assert list(media.iterdir()) == []
    disk.make_room()
    assert store()
