"""Inbox: how much signed mail is taken in a second, how much understood, how fast we answer."""

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.driver import ACTORS, AT_ONCE
from benchmarks.figures import Figure, at_least, at_most, shares, table
from benchmarks.programs import Chapter, Helper, Server, free_port, until

COUNT, QUICK_COUNT = 4_000, 1_500
COLD, QUICK_COLD = 500, 200
WAITING = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
UNSENT = "SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'in_flight')"


def measure(repeats: int) -> str:
    """Measure `repeats` times, each on a new chapter, and return the table."""
    quick = repeats == 1
    count, cold = (QUICK_COUNT, QUICK_COLD) if quick else (COUNT, COLD)
    runs = [_run(count, cold) for _ in range(repeats)]

    def of(name: str) -> list[float]:
        return [run[name] for run in runs]

    return table(
        f"Inbox: {count:,} signed activities of {ACTORS} actors, {AT_ONCE} at a time, SQLite",
        [
            Figure("bare limit: read, verify, store", "/s", of("limit")),
            Figure("accepted", "/s", of("accepted"), at_least(1_200)),
            Figure("accepted: of the limit", "%", shares(of("accepted"), of("limit"))),
            Figure("until 202, half of them within", "ms", of("p50")),
            Figure("until 202, 99 % within", "ms", of("p99"), at_most(250)),
            Figure("processed", "/s", of("processed"), at_least(500)),
            Figure("CPU of the server for each", "ms", of("cpu")),
            Figure(f"{cold} strangers follow: Accepts arrived", "/s", of("cold"), at_least(200)),
            Figure("peak memory of the server", "MB", of("memory")),
        ],
    )


def _run(count: int, cold: int) -> dict[str, float]:
    with Helper("intake") as intake:
        limit = intake.ask("take", count=count)
    with tempfile.TemporaryDirectory(prefix="bench-inbox-") as folder:
        chapter = Chapter(Path(folder), free_port())
        chapter.found()
        post = chapter.command("post", "create", "Soup on Saturday.")["id"]
        with (
            chapter.serving("run", "--port", str(chapter.port)) as server,
            Helper(
                "driver", port=chapter.port, actor=f"{chapter.base}/chapter", post=post
            ) as peers,
        ):
            _cold(peers, ACTORS)  # the fifty become known
            return {
                "limit": limit,
                **_load(chapter, server, peers, count),
                "cold": _cold(peers, cold),
                "memory": server.memory(),
            }


def _load(chapter: Chapter, server: Server, peers: Helper, count: int) -> dict[str, float]:
    before = server.cpu()
    said = _accepted(peers.ask("load", count=count), count)
    _until_none(chapter, WAITING)
    done = time.monotonic() - said["began"]
    _until_none(chapter, UNSENT)
    return {
        "accepted": said["rate"],
        "p50": said["p50"],
        "p99": said["p99"],
        "processed": count / done,
        "cpu": (server.cpu() - before) / count * 1000,
    }


def _until_none(chapter: Chapter, query: str) -> None:
    with sqlite3.connect(f"file:{chapter.data / 'chapter.db'}?mode=ro", uri=True) as db:
        until(lambda: db.execute(query).fetchone() == (0,), query)


def _cold(peers: Helper, count: int) -> float:
    said = _accepted(peers.ask("cold", count=count), count)
    if said["accepts"] != count:
        raise RuntimeError(f"{said['accepts']} of {count} follows were accepted")
    return float(count / said["seconds"])


def _accepted(said: dict[str, Any], count: int) -> dict[str, Any]:
    if said["statuses"] != {"202": count}:
        raise RuntimeError(f"not everything was taken: {said['statuses']}")
    return said
