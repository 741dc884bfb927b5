"""Nothing a stranger sends keeps the event loop from everybody else (R-22, HTML-05, JSON-01).

What is measured is the processor time of one callback, not its duration: a busy machine makes
neither longer.
"""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest

from fedi_chapter.core.html import plain, sanitise
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import Chapter, World

LONGEST = 0.1
"""Seconds of the processor that one callback may take."""
PIECES = [
    *(
        "<p>Hello <b>x</b></p>",
        "<ul><li>",
        "<blockquote>",
        "<",
        "<!",
        "<!--",
        "<?",
        "</",
        "<![",
        "&",
    ),
    *("<![CDATA[", "<!DOCTYPE ", "<b a ", "<a x='", "</x ", "<script>", "<title>", "&#1", "<b/"),
]


class Watch:
    """The longest that a callback of the loop has taken so far."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.whose = ""

    def run(self, handle: asyncio.Handle, run: object) -> None:
        began = time.thread_time()
        run(handle)  # type: ignore[operator]
        took = time.thread_time() - began
        if took > self.longest:
            self.longest, self.whose = took, repr(handle)[:300]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made, run = Watch(), asyncio.Handle._run
    monkeypatch.setattr(asyncio.Handle, "_run", lambda handle: made.run(handle, run))
    return made


def test_the_watch_sees_a_callback_that_does_not_end(watch: Watch) -> None:
    async def busy() -> None:
        began = time.thread_time()
        while time.thread_time() - began < LONGEST:
            pass

    asyncio.run(busy())
    assert watch.longest >= LONGEST


@pytest.mark.parametrize("piece", PIECES)
def test_no_html_takes_long_to_be_made_harmless_or_plain(piece: str) -> None:
    html = (piece * 20_000)[:20_000]
    for make in (plain, sanitise):
        assert min(_processor_time(make, html) for _ in range(3)) < LONGEST, make


def _processor_time(make: object, html: str) -> float:
    began = time.thread_time()
    make(html)  # type: ignore[operator]
    return time.thread_time() - began


@pytest.mark.parametrize(
    "text", ["a <![ b", "<![", "<p>going <![if x]> yes</p>", "<!x", "<!--", "<?"]
)
@pytest.mark.anyio
async def test_a_reply_with_broken_markup_is_kept_like_any_other(world: World, text: str) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    event = await chapter.event("Picnic")
    await alice.reply(event, text)
    await world.settle()
    assert (await chapter.outcomes())[-1]


@pytest.mark.anyio
async def test_an_event_without_a_name_and_with_broken_markup_is_no_failure(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await chapter.follow(alice.uri)
    await world.settle()
    uri = f"{alice.uri}/events/1"
    event: Json = {
        "id": uri,
        "type": "Event",
        "summary": "<![ Picnic",
        "startTime": "2026-12-01T18:00:00Z",
        "attributedTo": alice.uri,
        "to": [PUBLIC],
    }
    assert (
        await alice.to_shared(chapter.uri, alice.activity("Create", event, uri=f"{uri}#c")) == 202
    )


def large_bodies(chapter: Chapter, alice: Member, post: str) -> Iterator[bytes]:
    """Whole activities of about a megabyte, each heavy in another way."""
    create = alice.compose("x", chapter=chapter.uri, in_reply_to=post)
    note = create["object"]
    assert isinstance(note, dict)
    for html in ("<p>Hello</p>" * 40_000, "<!--" * 120_000, "<ul><li>" * 60_000):
        yield json.dumps(
            {**create, "id": f"{create['id']}/{html[:6]}", "object": {**note, "content": html}}
        ).encode()
    event = {
        **note,
        "type": "Event",
        "summary": "<!--" * 120_000,
        "startTime": "2026-12-01T18:00:00Z",
    }
    yield json.dumps({**create, "id": f"{create['id']}/event", "object": event}).encode()
    fillings = (
        b"[" + b"1," * 400_000 + b"1]",
        b"[" + b"{}," * 300_000 + b"1]",
        b"[" + b",".join([b"[" + b"[]," * 300 + b"1]"] * 900) + b"]",
        b"{" + b",".join(b'"k%d" :[1]' % number for number in range(70_000)) + b"}",
        b"[" * 400_000 + b"]" * 400_000,
    )
    like = json.dumps(alice.activity("Like", post, uri=f"{alice.uri}#like")).encode()
    for filling in fillings:
        yield like[:-1] + b', "x": ' + filling + b"}"


@pytest.mark.anyio
async def test_no_large_activity_stops_the_loop(world: World, watch: Watch) -> None:
    chapter, alice = (
        await world.chapter("a.test", replies="everyone"),
        world.mastodon("m.test").member("alice"),
    )
    post = await chapter.post("Hello")
    await alice.like(post)
    await chapter.follow(alice.uri)
    await world.settle()
    url = chapter.urls.shared_inbox
    for number, body in enumerate(large_bodies(chapter, alice, post)):
        headers = signed_post(alice.key, f"{alice.uri}#main-key", url, body, world.clock.now())
        watch.longest = 0.0
        answer = await world.network.send("POST", url, headers, body)
        assert answer.status_code in {202, 400}, answer.content
        await world.settle()
        assert watch.longest < LONGEST, f"{number}: {watch.longest:.3f} s, {watch.whose}"
    watch.longest = 0.0
    await world.network.send("GET", post, {"Host": "a.test", "Accept": "text/html"})
    assert watch.longest < LONGEST, watch.whose
