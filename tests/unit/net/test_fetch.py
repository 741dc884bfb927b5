import asyncio
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import (
    NoDocument,
    RemoteBusy,
    RemoteGone,
    RemoteRefused,
    Unreachable,
)
from fedi_chapter.net import pools
from fedi_chapter.net.client import Client
from fedi_chapter.net.fetch import Budget, GuardedFetcher
from fedi_chapter.net.pools import Cause
from fedi_chapter.sig.keys import SigningKey
from tests.kit.hostile_server import (
    Answer,
    Seen,
    by_path,
    hang_up,
    hostile,
    in_turn,
    raw,
    redirect,
    reply,
    reset,
    stay_silent,
    until,
)
from tests.kit.outbound import Names

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"


# The plain case


async def test_a_document_arrives_with_its_address_and_type(fetcher: GuardedFetcher) -> None:
    answer = reply(b'{"a":1}', 200, {"Content-Type": "Application/LD+json; profile=x"})
    async with hostile(answer) as server:
        got = await fetcher.get(server.url("/note?x=1#part"))
    assert got.url == server.url("/note?x=1")
    assert (got.media_type, got.content_type) == (
        "application/ld+json",
        "Application/LD+json; profile=x",
    )
    assert got.body == b'{"a":1}'
    (seen,) = server.seen
    assert seen.target == "/note?x=1"
    assert seen.headers["host"] == f"127.0.0.1:{server.port}"
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["user-agent"] == "a-test/1"
    assert seen.headers["accept"].startswith("application/activity+json, application/ld+json;")
    assert "signature" not in seen.headers


async def test_a_connection_is_used_again(fetcher: GuardedFetcher, client: Client) -> None:
    async with hostile(reply()) as server:
        for _ in range(3):
            await fetcher.get(server.url())
        await client.close()
    assert (server.connections, len(server.seen)) == (1, 3)


async def test_a_header_that_comes_twice_is_read_whole(fetcher: GuardedFetcher) -> None:
    # Whoever read only one of the two could be shown another document than others are.
    again = b"content-type: text/html\r\nContent-Length: 2\r\n\r\n{}"
    async with hostile(raw(HEAD + again)) as server:
        got = await fetcher.get(server.url())
    assert got.media_type == "application/activity+json, text/html"


# Signatures


async def test_the_newer_signature_follows_where_the_older_is_refused_and_is_remembered(
    fetcher: GuardedFetcher, signing_key: SigningKey
) -> None:
    for status in (400, 401):
        async with hostile(in_turn(reply(b"", status), reply())) as server:
            await fetcher.get(server.url(), key=signing_key)
            await fetcher.get(server.url(), key=signing_key)
        newer = ["signature-input" in seen.headers for seen in server.seen]
        assert newer == [False, True, True]


async def test_the_older_signature_follows_where_the_newer_is_refused_later(
    fetcher: GuardedFetcher, signing_key: SigningKey
) -> None:
    refused = reply(b"", 401)
    async with hostile(in_turn(refused, reply(), refused, reply())) as server:
        for _ in range(3):
            await fetcher.get(server.url(), key=signing_key)
    newer = ["signature-input" in seen.headers for seen in server.seen]
    assert newer == [False, True, True, False, False]


async def test_two_refused_signatures_are_a_refusal(
    fetcher: GuardedFetcher, signing_key: SigningKey
) -> None:
    challenge = reply(b"", 401, {"WWW-Authenticate": 'Basic realm="us"'})
    async with hostile(challenge) as server:
        with pytest.raises(RemoteRefused) as refusal:
            await fetcher.get(server.url(), key=signing_key)
    assert refusal.value.answer == 401
    assert len(server.seen) == 2
    assert all("authorization" not in seen.headers for seen in server.seen)


async def test_a_forbidden_document_is_not_asked_for_twice(
    fetcher: GuardedFetcher, signing_key: SigningKey
) -> None:
    async with hostile(reply(b"", 403)) as server:
        with pytest.raises(RemoteRefused):
            await fetcher.get(server.url(), key=signing_key)
    assert len(server.seen) == 1


# Statuses


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_gone_is_gone(status: int, fetcher: GuardedFetcher) -> None:
    async with hostile(reply(b"", status)) as server:
        with pytest.raises(RemoteGone) as gone:
            await fetcher.get(server.url())
    assert gone.value.answer == status


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
async def test_a_busy_server_says_when_to_come_back(
    status: int, fetcher: GuardedFetcher, clock: SetClock
) -> None:
    later = "Sat, 21 Nov 2026 12:02:00 GMT"
    answers = [reply(b"", status, {"Retry-After": value}) for value in ("30", later)]
    async with hostile(in_turn(*answers, reply(b"", status))) as server:
        waits = []
        for _ in range(3):
            with pytest.raises(RemoteBusy) as busy:
                await fetcher.get(server.url(), budget=Budget())
            waits.append(busy.value.after)
    assert waits == [30.0, 120.0, None]


@pytest.mark.parametrize("status", [400, 403, 405, 418, 451])
async def test_any_other_refusal_is_final(status: int, fetcher: GuardedFetcher) -> None:
    async with hostile(reply(b"", status)) as server:
        with pytest.raises(RemoteRefused) as refusal:
            await fetcher.get(server.url())
    assert refusal.value.answer == status
    assert not refusal.value.retry


@pytest.mark.parametrize("status", [201, 202, 204, 206, 300, 304])
async def test_an_answer_without_a_document_may_be_another_one_later(
    status: int, fetcher: GuardedFetcher
) -> None:
    async with hostile(reply(b"", status)) as server:
        with pytest.raises(NoDocument) as none:
            await fetcher.get(server.url())
    assert none.value.retry


@pytest.mark.parametrize(
    "begun", [b"Content-Length: 10\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]
)
async def test_half_a_body_is_no_answer(fetcher: GuardedFetcher, begun: bytes) -> None:
    async def break_off(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + begun)
        await writer.drain()
        writer.close()

    async with hostile(break_off) as server:
        with pytest.raises(Unreachable) as broken:
            await fetcher.get(server.url())
    assert broken.value.retry


# Resting hosts and fair shares


async def test_an_unreachable_host_rests_for_half_a_minute_and_longer_each_time(
    fetcher: GuardedFetcher, clock: SetClock
) -> None:
    async with hostile(in_turn(*[hang_up] * 12, reply())) as server:
        for tries, pause in ((4, 30), (8, 60), (12, 120)):
            for _ in range(3):
                with pytest.raises(Unreachable):
                    await fetcher.get(server.url())
            assert len(server.seen) == tries  # it may have closed every connection we kept
            clock.advance(timedelta(seconds=pause - 1))
            with pytest.raises(Unreachable):
                await fetcher.get(server.url())
            clock.advance(timedelta(seconds=1))
        assert (await fetcher.get(server.url())).body == b"{}"


@pytest.mark.parametrize("cause", [Cause.STRANGER, Cause.VISITOR, Cause.NEIGHBOUR])
@pytest.mark.parametrize(
    "failing", [hang_up, reset, stay_silent, reply(b"", 503, {"Retry-After": "99"})]
)
async def test_what_fails_at_an_address_that_others_chose_shuts_nobody_off(
    fetcher: GuardedFetcher, cause: Cause, failing: Answer
) -> None:
    async with hostile(by_path({"/broken": failing, "/alice": reply()})) as victim:
        for _ in range(3):
            with pytest.raises((Unreachable, RemoteBusy)):
                await fetcher.get(victim.url("/broken"), deadline=0.2, budget=Budget(cause=cause))
        assert (await fetcher.get(victim.url("/alice"))).body == b"{}"


async def test_a_redirect_to_a_broken_address_shuts_nobody_off(fetcher: GuardedFetcher) -> None:
    async with hostile(by_path({"/broken": stay_silent, "/alice": reply()})) as victim:
        async with hostile(redirect(victim.url("/broken"))) as evil:
            with pytest.raises(Unreachable):
                await fetcher.get(evil.url(), deadline=0.2)
        assert (await fetcher.get(victim.url("/alice"))).body == b"{}"


async def test_a_host_rests_as_long_as_it_asked_us_to(
    fetcher: GuardedFetcher, clock: SetClock
) -> None:
    asks = reply(b"", 503, {"Retry-After": "120"})
    async with hostile(in_turn(asks, reply())) as server:
        with pytest.raises(RemoteBusy):
            await fetcher.get(server.url())
        clock.advance(timedelta(seconds=119))
        with pytest.raises(Unreachable):
            await fetcher.get(server.url())
        clock.advance(timedelta(seconds=1))
        assert (await fetcher.get(server.url())).body == b"{}"


async def test_a_kept_connection_closed_under_our_hands_is_tried_once_more(
    fetcher: GuardedFetcher,
) -> None:
    async with hostile(in_turn(reply(), hang_up, reply())) as server:
        for _ in range(2):
            assert (await fetcher.get(server.url())).body == b"{}"
    assert len(server.seen) == 3


async def test_a_slow_host_rests_too(fetcher: GuardedFetcher) -> None:
    async with hostile(stay_silent) as server:
        for _ in range(2):
            with pytest.raises(Unreachable):
                await fetcher.get(server.url(), deadline=0.3)
    assert len(server.seen) == 1


async def test_a_closed_port_is_unreachable(fetcher: GuardedFetcher) -> None:
    async with hostile(reply()) as server:
        closed = server.url()
    with pytest.raises(Unreachable):
        await fetcher.get(closed)


async def test_an_unknown_name_is_unreachable(fetcher: GuardedFetcher, names: Names) -> None:
    names.answers = [[]]
    for _ in range(2):
        with pytest.raises(Unreachable):
            await fetcher.get("http://nobody.example/")
    assert names.asked == ["nobody.example"]


async def test_an_error_answer_does_not_make_a_host_rest(fetcher: GuardedFetcher) -> None:
    async with hostile(in_turn(reply(b"", 500), reply())) as server:
        with pytest.raises(RemoteBusy):
            await fetcher.get(server.url())
        assert (await fetcher.get(server.url())).body == b"{}"


async def test_one_host_gets_four_connections_at_most(
    fetcher: GuardedFetcher, client: Client
) -> None:
    async with hostile(raw(b"", HEAD + b"Content-Length: 0\r\n\r\n", pause=0.05)) as server:
        await asyncio.gather(*(fetcher.get(server.url(f"/{number}")) for number in range(12)))
        await client.close()
    assert len(server.seen) == 12
    assert server.most_open == pools.TOGETHER


async def test_callers_who_wait_for_a_slow_host_do_not_hold_up_another(
    fetcher: GuardedFetcher,
) -> None:
    async with hostile(stay_silent) as slow, hostile(reply()) as quick:
        waiting = [
            asyncio.create_task(fetcher.get(slow.url(f"/{number}"))) for number in range(100)
        ]
        await until(lambda: len(slow.seen) == pools.TOGETHER)
        got = await fetcher.get(quick.url(), deadline=5)
        assert slow.most_open == pools.TOGETHER
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert got.body == b"{}"


async def test_waiting_in_our_own_queue_does_not_make_a_host_rest(
    fetcher: GuardedFetcher,
) -> None:
    async with hostile(in_turn(stay_silent, stay_silent, stay_silent, stay_silent, reply())) as one:
        holding = [asyncio.create_task(fetcher.get(one.url(), deadline=5)) for _ in range(4)]
        await until(lambda: len(one.seen) == pools.TOGETHER)
        with pytest.raises(Unreachable):
            await fetcher.get(one.url(), deadline=0.1)
        for task in holding:
            task.cancel()
        await asyncio.gather(*holding, return_exceptions=True)
        assert (await fetcher.get(one.url())).body == b"{}"
