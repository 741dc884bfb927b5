"""Reading: what others ask for most, beside the bare framework's hello in the same run."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.figures import Figure, at_least, shares, table
from benchmarks.programs import Chapter, Helper, cpu_of, free_port

AT_ONCE = 64
SECONDS, QUICK, WARM_UP = 3.0, 1.0, 0.3
ACTIVITY = "application/activity+json"
HTML = "text/html"
HELLO = "bare hello"


def measure(repeats: int) -> str:
    """Measure each page `repeats` times, in turns, and return the table."""
    with tempfile.TemporaryDirectory(prefix="bench-read-") as folder:
        chapter, bare = Chapter(Path(folder), free_port()), free_port()
        chapter.found()
        chapter.command("sample")
        event = urlsplit(chapter.command("event", "list")[0]["id"]).path
        asked = {
            HELLO: ("/", "*/*"),
            "actor JSON": ("/chapter", ACTIVITY),
            "event JSON": (event, ACTIVITY),
            "event page": (event, HTML),
            "home page": ("/", HTML),
        }
        rates: dict[str, list[float]] = {name: [] for name in asked}
        costs: dict[str, list[float]] = {name: [] for name in asked}
        with (
            Helper("hello", port=bare) as hello,
            Helper("load") as load,
            chapter.serving("run", "--port", str(chapter.port)) as server,
        ):
            hello.ask("ready")
            seconds = QUICK if repeats == 1 else SECONDS
            for _ in range(repeats):
                for name, (path, accept) in asked.items():
                    port, pid = (bare, hello.pid) if name == HELLO else (chapter.port, server.pid)
                    _volley(load, port, path, accept, WARM_UP)
                    before = cpu_of(pid)
                    said = _volley(load, port, path, accept, seconds)
                    rates[name].append(said["rate"])
                    costs[name].append((cpu_of(pid) - before) / said["count"] * 1_000_000)
            memory = server.memory()
    return table(f"Read: {AT_ONCE} kept connections", [*_figures(rates, costs, memory)])


def _figures(
    rates: dict[str, list[float]], costs: dict[str, list[float]], memory: float
) -> Iterator[Figure]:
    for name, values in rates.items():
        yield Figure(name, "/s", values)
        if name != HELLO:
            goal = at_least(50 if name.endswith("JSON") else 30)
            yield Figure(f"{name}: of the hello", "%", shares(values, rates[HELLO]), goal)
        yield Figure(f"{name}: CPU for each", "µs", costs[name])
    yield Figure("peak memory of the server", "MB", [memory])


def _volley(load: Helper, port: int, path: str, accept: str, seconds: float) -> dict[str, Any]:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: {accept}\r\n\r\n"
    said: dict[str, Any] = load.ask(
        "volley", port=port, request=request, seconds=seconds, at_once=AT_ONCE
    )
    if set(said["statuses"]) != {"200"}:
        raise RuntimeError(f"{path} answered {json.dumps(said['statuses'])}")
    return said
