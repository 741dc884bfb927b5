"""RSVP: a burst of votes in one poll, until everybody is counted and has been told so."""

import math
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_least, at_most, table
from benchmarks.programs import Chapter, Helper, free_port, until
from benchmarks.voters import AT_ONCE

SERVERS = 250
OF_EACH, QUICK_OF_EACH = 20, 4
WINDOW = 30.0
"""Seconds in which new totals gather (`services.rsvps.TALLY_WINDOW`)."""
PATIENCE = 600.0
START = "2099-05-01T19:00"
WAITING = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
COUNTED = "SELECT coalesce(sum(going + waitlist + maybe + no), 0) FROM tallies"


def measure(repeats: int) -> str:
    """Measure `repeats` times, each on a new chapter, and return the table."""
    of_each = QUICK_OF_EACH if repeats == 1 else OF_EACH
    runs = [_run(of_each) for _ in range(repeats)]

    def of(name: str) -> list[float]:
        return [run[name] for run in runs]

    return table(
        f"RSVP: {SERVERS * of_each:,} votes of as many people, {SERVERS} servers, "
        f"{AT_ONCE} at a time, SQLite",
        [
            Figure("accepted", "/s", of("accepted")),
            Figure("until 202, 99 % within", "ms", of("p99")),
            Figure("counted", "/s", of("counted"), at_least(100)),
            Figure("new totals told, for each 30 s", "", of("tallies"), at_most(1)),
            Figure("first vote to last confirmation", "s", of("confirmed")),
            Figure("CPU of the server for each vote", "ms", of("cpu")),
            Figure("peak memory of the server", "MB", of("memory")),
        ],
    )


def _run(of_each: int) -> dict[str, float]:
    count = SERVERS * of_each
    with tempfile.TemporaryDirectory(prefix="bench-rsvp-") as folder:
        chapter = Chapter(Path(folder), free_port())
        chapter.found()
        event = chapter.command("event", "create", "--name", "Soup", "--start", START)
        with (
            chapter.serving("run", "--port", str(chapter.port)) as server,
            Helper(
                "voters", port=chapter.port, actor=f"{chapter.base}/chapter", face=event["face"]
            ) as people,
        ):
            before = server.cpu()
            said = people.ask("vote", servers=SERVERS, of_each=of_each)
            if said["statuses"] != {"202": count}:
                raise RuntimeError(f"not every vote was taken: {said['statuses']}")
            counted = _counted(chapter, count) - said["began"]
            heard = _heard(people, count)
            return {
                "accepted": said["rate"],
                "p99": said["p99"],
                "counted": count / counted,
                "tallies": _for_each_window(heard["tallies"], said["began"]),
                "confirmed": heard["last"] - said["began"],
                "cpu": (server.cpu() - before) / count * 1000,
                "memory": server.memory(),
            }


def _counted(chapter: Chapter, count: int) -> float:
    """Wait until every vote is processed, and return when that was."""
    with sqlite3.connect(f"file:{chapter.data / 'chapter.db'}?mode=ro", uri=True) as db:
        until(lambda: db.execute(WAITING).fetchone() == (0,), "votes to be counted", PATIENCE)
        done = time.monotonic()
        found = db.execute(COUNTED).fetchone()[0]
    if found != count:
        raise RuntimeError(f"{found} of {count} votes were counted")
    return done


def _heard(people: Helper, count: int) -> dict[str, Any]:
    """Wait until everybody was told, and the totals after the last vote too."""

    def told() -> bool:
        return bool(people.ask("heard")["confirmed"] == count)

    until(told, "the last confirmation", PATIENCE)
    time.sleep(WINDOW + 5)
    heard: dict[str, Any] = people.ask("heard")
    return heard


def _for_each_window(tallies: list[float], began: float) -> float:
    """Return how often totals were told, for each window that had begun by the last time."""
    return len(tallies) / math.ceil((tallies[-1] - began) / WINDOW)
