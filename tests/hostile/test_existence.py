"""What is private can't be told from what does not exist (PRIV-08): status, body and headers."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from statistics import median

import httpx
import pytest

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.sign import sign
from tests.kit.peers.mastodon import Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

NOBODY = "0197c1b2-7a10-7cc2-9f5e-ffffffffffff"
ACCEPTED = ("application/activity+json", "text/html", "*/*", "")


async def a_draft(chapter: Chapter) -> str:
    start = f"{chapter.deps.clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    fields = EventFields(name="canary draft", start=start, timezone="UTC")
    made = await chapter.write(
        lambda tx: create_event(tx, chapter.actor, fields, chapter.urls, draft=True)
    )
    return chapter.urls.event(made.id)


async def of_followers(chapter: Chapter) -> str:
    return await chapter.event("canary", Visibility.FOLLOWERS)


async def a_post(chapter: Chapter) -> str:
    return await chapter.post("canary", Visibility.FOLLOWERS)


def a_reader(member: Member, url: str, world: World) -> dict[str, str]:
    key = SigningKey(f"{member.uri}#main-key", "rsa", member.key)
    return sign("cavage", key, method="GET", url=url, at=world.clock.now())


def told(answer: httpx.Response, id_: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return all that an answer tells, without the name of the request and the id asked for."""
    headers = [
        (name, value.replace(id_, "ID"))
        for name, value in answer.headers.items()
        if name != "x-request-id"
    ]
    return answer.status_code, answer.content.replace(id_.encode(), b"ID"), headers


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("make", "endings"),
    [
        (a_draft, ("", "/face", ".ics", "/replies", "/attendees", "/organizers", "/rsvp")),
        (of_followers, ("", "/face", ".ics", "/replies", "/attendees", "/organizers", "/rsvp")),
        (a_post, ("", "/replies", "/replies?page=1")),
    ],
)
async def test_what_is_private_looks_like_nothing_to_strangers(
    world: World,
    make: Callable[[Chapter], Awaitable[str]],
    endings: tuple[str, ...],
    signed: bool,
) -> None:
    chapter, stranger = await world.chapter("a.test"), world.mastodon("m.test").member("eve")
    uri = await make(chapter)
    id_ = uri.rpartition("/")[2]
    for ending in endings:
        for method in ("GET", "HEAD", "POST") if ending == "/rsvp" else ("GET", "HEAD"):
            for accepted in ACCEPTED:
                answers = []
                for each in (id_, NOBODY):
                    url = uri.replace(id_, each) + ending
                    headers = {"Host": "a.test", "Accept": accepted, "Origin": chapter.urls.base}
                    headers |= a_reader(stranger, url, world) if signed else {}
                    headers["Accept"] = accepted
                    answer = await world.network.send(method, url, headers)
                    answers.append(told(answer, each))
                assert answers[0] == answers[1], (method, ending, accepted)
                assert answers[0][0] in {303, 404, 405, 422}, (method, ending)


async def test_the_followers_only_thing_is_there_for_a_follower(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    for make in (of_followers, a_post):
        url = await make(chapter)
        headers = {**a_reader(alice, url, world), "Accept": ACCEPTED[0]}
        assert (await world.network.send("GET", url, headers)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/rsvp/{}", "/rsvp/{}.ics", "/place/{}", "/mail/stop/{}", "/door/{}"]
)
async def test_no_key_opens_anything_whatever_it_looks_like(world: World, path: str) -> None:
    await world.chapter("a.test")
    answers = []
    for key in ("A" * 22, "b" * 22):
        url = f"https://a.test{path.format(key)}"
        answer = await world.network.send("GET", url, {"Host": "a.test", "Accept": "text/html"})
        answers.append(told(answer, key))
    assert answers[0] == answers[1]


CALLS = 1_000
SAME = 0.05
"""Of the time of a call: what two kinds of them may be apart. One query more takes more."""


@pytest.mark.slow
@pytest.mark.parametrize("accepted", ACCEPTED[:2])
@pytest.mark.parametrize("make", [a_draft, of_followers, a_post])
async def test_what_is_private_takes_no_longer_than_nothing(
    world: World, make: Callable[[Chapter], Awaitable[str]], accepted: str
) -> None:
    chapter = await world.chapter("a.test")
    uri = await make(chapter)
    id_ = uri.rpartition("/")[2]
    kinds = [uri, uri.replace(id_, NOBODY), uri.replace(id_, NOBODY[::-1][:8] + NOBODY[8:])]
    headers, took = {"Host": "a.test", "Accept": accepted}, [list[float](), [], []]
    for number in range(CALLS):
        for turn in range(len(kinds)):  # in another order each time: none is always the first
            which = (turn + number) % len(kinds)
            began = time.process_time()  # a busy machine makes it no longer
            await world.network.send("GET", kinds[which], headers)
            took[which].append(time.process_time() - began)
    private, missing, also_missing = (median(each) for each in took)
    noise = abs(missing - also_missing)
    assert abs(private - missing) <= SAME * missing + 3 * noise, (private, missing, also_missing)
