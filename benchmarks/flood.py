"""Flood: how fast pages stay while the inbox is flooded, who is refused, and what is left after."""

import http.client
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from benchmarks.figures import Figure, at_least, at_most, percentile, table
from benchmarks.inbox import WAITING
from benchmarks.programs import Chapter, Helper, Server, free_port, until

RATE, SECONDS, QUICK = 200, 20.0, 8.0
"""Requests of a flood in a second, and how long each lasts."""
AT_ONCE = 320
"""Connections of a siege, ten times those of the part `inbox`: each sends again as soon as it is
answered, refused or not."""
SIEGE_SIGNED, LONG_SIGNED = 30_000, 60_000
LONG = 180.0
"""Seconds of the one long siege."""
PUBLIC_RATE, ADMIN_RATE = 10, 5
PATIENT = 900.0
FLOODS = {
    "50 hosts": "crowd",
    "one host": "one",
    "unknown actors delete themselves": "farewells",
}
Run = dict[str, float]


def measure(repeats: int) -> str:
    """Measure `repeats` times, each on a new chapter, then one long siege; return the tables."""
    seconds = QUICK if repeats == 1 else SECONDS
    runs = [_floods(seconds) for _ in range(repeats)]

    def of(name: str) -> list[float]:
        return [run[name] for run in runs]

    figures = [
        *_pages("no flood", of),
        *(figure for name in FLOODS for figure in _pages(name, of, goal=True)),
        Figure("one host: the quiet host's Accept, half within", "s", of("one host: accept")),
        *_pages("siege of another program", of),
        *_pages("siege", of, goal=True),
        *_siege(of),
    ]
    title = f"Flood: {RATE} signed activities/s, and a siege on {AT_ONCE:,} connections, SQLite"
    if repeats == 1:
        return table(title, figures)
    long = _long()
    rows = [*_pages("siege", lambda name: [long[name]], goal=True), *_siege(lambda n: [long[n]])]
    return "\n".join(
        [table(title, figures), table(f"A siege of {LONG:.0f} s, half of it by one host", rows)]
    )


def _pages(scene: str, of: Any, *, goal: bool = False) -> Iterator[Figure]:
    wanted = at_most(1_000) if goal else None
    for kind in ("public", "admin"):
        yield Figure(f"{scene}: {kind} pages, 99 % within", "ms", of(f"{scene}: {kind}"), wanted)


def _siege(of: Any) -> Iterator[Figure]:
    yield Figure("siege: asked", "/s", of("asked"))
    yield Figure("siege: taken", "/s", of("taken"))
    yield Figure("siege: refused with a time to come back", "/s", of("refused"))
    yield Figure("siege: until an answer, 99 % within", "ms", of("p99"))
    yield Figure("siege: the quiet host's Accept, half within", "s", of("siege: accept"))
    yield Figure("left to be processed at its end", "", of("backlog"))
    yield Figure("processed afterwards", "/s", of("drained"), at_least(200))
    yield Figure("peak memory of the server", "MB", of("memory"))
    yield Figure("memory after the last was processed", "MB", of("memory after"))


class _Scene:
    """A chapter that runs, those who flood it, and those who read meanwhile."""

    def __init__(self, chapter: Chapter, server: Server, senders: Helper, visitors: Any) -> None:
        self._chapter, self._server, self._senders = chapter, server, senders
        self._public, self._admin = visitors
        event = urlsplit(chapter.command("event", "list")[0]["id"]).path
        self._pages = {"public": ["/", event], "admin": ["/admin", f"/admin{event}"]}
        self._cookie = _sign_in(chapter)

    def watch(self, name: str, seconds: float, verb: str = "", **words: Any) -> tuple[Run, Any]:
        """Flood by `verb`, and ask for pages all the while; return how long these took."""
        with ThreadPoolExecutor(3) as threads:
            public = threads.submit(self._visit, self._public, "public", seconds)
            admin = threads.submit(self._visit, self._admin, "admin", seconds)
            said = self._senders.ask(verb, seconds=seconds, **words) if verb else {}
            took = {f"{name}: public": public.result(), f"{name}: admin": admin.result()}
        if said and "aside" not in words and (said["else"] or said["without a time"]):
            raise RuntimeError(f"not as it should be: {said}")
        return took, said

    def _visit(self, visitors: Helper, kind: str, seconds: float) -> float:
        said = visitors.ask(
            "visit",
            port=self._chapter.port,
            paths=self._pages[kind],
            cookie=self._cookie if kind == "admin" else "",
            rate=ADMIN_RATE if kind == "admin" else PUBLIC_RATE,
            seconds=seconds,
        )
        if set(said["statuses"]) != {"200"}:
            raise RuntimeError(f"{kind} pages answered {said['statuses']}")
        return percentile(said["seconds"], 99) * 1000

    def drain(self) -> Run:
        """Wait until all that was taken is processed."""
        with sqlite3.connect(f"file:{self._chapter.data / 'chapter.db'}?mode=ro", uri=True) as db:
            (waiting,) = db.execute(WAITING).fetchone()
            began = time.monotonic()
            until(lambda: db.execute(WAITING).fetchone() == (0,), "an empty inbox", PATIENT)
        rate = waiting / max(time.monotonic() - began, 0.1)
        return {"backlog": waiting, "drained": rate, "memory after": self._server.memory("VmRSS")}

    def accept(self) -> float:
        """Return how long half of the quiet host's follows waited; all have their Accept."""
        until(
            lambda: not self._senders.ask("waited")["missing"], "the quiet host's Accepts", PATIENT
        )
        return median(self._senders.ask("waited")["seconds"])

    def siege(self, seconds: float, count: int, kind: str) -> Run:
        """Send as much as goes, then wait until it is processed."""
        self._senders.ask("sign", kind=kind, count=count)
        took, said = self.watch("siege", seconds, "siege", at_once=AT_ONCE)
        memory = self._server.memory()
        drained = self.drain()
        return {
            **took,
            **{name: said[name] for name in ("asked", "taken", "refused", "p99")},
            **drained,
            "siege: accept": self.accept(),
            "memory": memory,
        }


def _sign_in(chapter: Chapter) -> str:
    link = chapter.command("organizer", "invite", "--role", "owner", "--name", "Kim")["url"]
    (token,) = parse_qs(urlsplit(link).query)["token"]
    line = http.client.HTTPConnection("127.0.0.1", chapter.port)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": chapter.base}
    line.request("POST", "/sign-in", urlencode({"token": token}), headers)
    cookie = line.getresponse().getheader("Set-Cookie") or ""
    line.close()
    found = re.match(r"[^=]+=[^;]+", cookie)
    if found is None:
        raise RuntimeError("the organizer was not let in")
    return found[0]


@contextmanager
def _scene() -> Iterator[_Scene]:
    with tempfile.TemporaryDirectory(prefix="bench-flood-") as folder:
        chapter, bare = Chapter(Path(folder), free_port()), free_port()
        chapter.found()
        chapter.command("sample")
        post = chapter.command("post", "create", "Soup on Saturday.")["id"]
        actor = f"{chapter.base}/chapter"
        with (
            Helper("hello", port=bare) as hello,
            chapter.serving("run", "--port", str(chapter.port)) as server,
            Helper("flood_senders", port=chapter.port, actor=actor, post=post, aside=bare) as flood,
            Helper("flood_visitors") as public,
            Helper("flood_visitors") as admin,
        ):
            hello.ask("ready")
            flood.ask("introduce")
            yield _Scene(chapter, server, flood, (public, admin))


def _floods(seconds: float) -> Run:
    with _scene() as scene:
        run, _ = scene.watch("no flood", seconds)
        for name, kind in FLOODS.items():
            scene._senders.ask("sign", kind=kind, count=int(RATE * seconds))
            took, _ = scene.watch(name, seconds, "paced", rate=RATE)
            run |= {**took, f"{name}: accept": scene.accept()}
            scene.drain()
        scene._senders.ask("sign", kind="farewells", count=4 * AT_ONCE)
        aside, _ = scene.watch(
            "siege of another program", seconds / 2, "siege", at_once=AT_ONCE, aside=True
        )
        return {**run, **aside, **scene.siege(seconds, SIEGE_SIGNED, "crowd")}


def _long() -> Run:
    with _scene() as scene:
        return scene.siege(LONG, LONG_SIGNED, "half by one")
