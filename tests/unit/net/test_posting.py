import asyncio
import gc
import ssl
from pathlib import Path

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import SettingsInvalid, Unreachable, UnsafeAddress
from fedi_chapter.net import tls
from fedi_chapter.net.client import Client
from fedi_chapter.net.connections import KEPT_OF_HOST
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.post import MAX_ANSWER, GuardedPoster
from tests.kit.hostile_server import (
    Answer,
    Authority,
    drip,
    hang_up,
    hostile,
    in_turn,
    raw,
    redirect,
    reply,
    reset,
    stay_silent,
)
from tests.kit.outbound import Names
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio

SIGNED = {"Host": "peer.example", "Date": "now", "Signature": "keyId=x"}


def a_strict_client(trust: ssl.SSLContext, names: Names | None = None) -> Client:
    return Client(Guard(allow_private=False, resolver=names), tls=trust, user_agent="a-test/1")


async def test_exactly_the_given_headers_and_bytes_go_out(poster: GuardedPoster) -> None:
    async with hostile(reply(b"thanks", 202)) as server:
        posted = await poster.post(server.url("/inbox?a=%2F"), b'{"a":1}', SIGNED)
    assert (posted.status, posted.retry_after, posted.detail) == (202, None, "thanks")
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/inbox?a=%2F", b'{"a":1}')
    assert sorted(seen.names) == sorted([*SIGNED, "User-Agent", "Content-Length"])
    assert seen.headers["host"] == "peer.example"
    assert seen.headers["user-agent"] == "a-test/1"


async def test_a_connection_is_used_again(poster: GuardedPoster, client: Client) -> None:
    async with hostile(reply(b"", 202)) as server:
        for _ in range(3):
            await poster.post(server.url(), b"{}", {})
        await client.close()
    assert (server.connections, len(server.seen)) == (1, 3)


async def test_a_closed_client_opens_again(poster: GuardedPoster, client: Client) -> None:
    async with hostile(reply(b"", 202)) as server:
        for _ in range(2):
            await poster.post(server.url(), b"{}", {})
            await client.close()
    assert server.connections == 2


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 410, 429, 500])
async def test_every_status_is_handed_back(status: int, poster: GuardedPoster) -> None:
    async with hostile(reply(b"", status)) as server:
        assert (await poster.post(server.url(), b"{}", {})).status == status


async def test_a_redirect_is_not_followed(poster: GuardedPoster) -> None:
    async with hostile(redirect("/elsewhere", 307)) as server:
        assert (await poster.post(server.url(), b"{}", SIGNED)).status == 307
    assert len(server.seen) == 1


@pytest.mark.parametrize("value", ["60", "Sat, 21 Nov 2026 12:01:00 GMT"])
async def test_retry_after_is_read(value: str, poster: GuardedPoster) -> None:
    async with hostile(reply(b"", 429, {"Retry-After": value})) as server:
        assert (await poster.post(server.url(), b"{}", {})).retry_after == 60.0


async def test_cookies_and_challenges_are_ignored(poster: GuardedPoster) -> None:
    headers = {"Set-Cookie": "id=1; Path=/", "WWW-Authenticate": 'Basic realm="us"'}
    async with hostile(reply(b"", 401, headers)) as server:
        for _ in range(2):  # under a name: libraries keep no cookies for bare addresses
            await poster.post(server.url(host="peer.example"), b"{}", {})
    assert len(server.seen) == 2
    assert all(not {"cookie", "authorization"} & set(seen.headers) for seen in server.seen)


async def test_a_proxy_in_the_environment_is_ignored(
    poster: GuardedPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hostile(reply()) as proxy, hostile(reply(b"", 202)) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        assert (await poster.post(server.url(host="peer.example"), b"{}", {})).status == 202
    assert proxy.connections == 0


async def test_a_header_cannot_be_split(poster: GuardedPoster) -> None:
    async with hostile(reply()) as server:
        for value in ("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\0b"):
            with pytest.raises(ValueError, match="header"):
                await poster.post(server.url(), b"{}", {"Date": value})
        await poster.post(server.url("/%0d%0aX-Evil:1"), b"{}", {})
    (seen,) = server.seen
    assert (seen.target, "x-evil" in seen.headers) == ("/%0d%0aX-Evil:1", False)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/inbox",
        "http://0.0.0.0/inbox",
        "http://[::ffff:127.0.0.1]/inbox",
        "http://127.1/inbox",
        "file:///etc/passwd",
        "http://user@127.0.0.1/",
    ],
)
async def test_an_unsafe_inbox_is_refused(url: str, poster: GuardedPoster) -> None:
    with pytest.raises(UnsafeAddress):
        await poster.post(url, b"{}", {})


async def test_in_production_nothing_reaches_a_private_server(
    clock: SetClock, trust: ssl.SSLContext
) -> None:
    client = a_strict_client(trust)
    strict = GuardedPoster(client, clock=clock)
    async with hostile(reply()) as server:
        for url in (server.url(), server.url(scheme="https"), server.url(host="localhost")):
            with pytest.raises(UnsafeAddress):
                await strict.post(url, b"{}", {})
    await client.close()
    assert server.connections == 0


async def test_in_production_a_name_that_leads_inside_is_refused(
    clock: SetClock, names: Names, trust: ssl.SSLContext
) -> None:
    client = a_strict_client(trust, names)
    strict = GuardedPoster(client, clock=clock)
    with pytest.raises(UnsafeAddress):
        await strict.post("https://inside.example/inbox", b"{}", {})
    await client.close()


async def test_a_name_bound_anew_or_to_good_and_bad_addresses_is_refused(
    poster: GuardedPoster, names: Names
) -> None:
    async with hostile(reply(b"", 202, {"Connection": "close"})) as server:
        await poster.post(server.url(host="rebinding.example"), b"{}", {})
        for answers in (["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]):
            names.answers = [answers]
            with pytest.raises(UnsafeAddress):
                await poster.post(server.url(host="rebinding.example"), b"{}", {})
    assert server.connections == 1


async def test_the_certificate_is_checked_for_the_name_each_time(
    poster: GuardedPoster, authority: Authority, client: Client
) -> None:
    async with hostile(reply(b"", 202), tls=authority.serve_as("peer.example")) as server:
        await poster.post(server.url(host="peer.example", scheme="https"), b"{}", {})
        with pytest.raises(Unreachable, match="certificate"):
            await poster.post(server.url(host="victim.example", scheme="https"), b"{}", {})
        await client.close()
    assert server.asked_names == ["peer.example", "victim.example"]
    assert [seen.headers["host"] for seen in server.seen] == [f"peer.example:{server.port}"]


async def test_an_unknown_name_and_a_closed_port_are_unreachable(
    poster: GuardedPoster, names: Names
) -> None:
    async with hostile(reply()) as server:
        closed = server.url()
    with pytest.raises(Unreachable):
        await poster.post(closed, b"{}", {})
    names.answers = [[]]
    with pytest.raises(Unreachable):
        await poster.post("http://nobody.example/", b"{}", {})


NEVER_ENDING = {
    "silence": stay_silent,
    "headers": drip(b"HTTP/1.1 202 OK\r\n", b"X-Y: z\r\n", 0.02),
    "interim answers": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.001),
    "body": drip(b"HTTP/1.1 202 OK\r\nContent-Length: 9999\r\n\r\n", b"x", 0.02),
}


@pytest.mark.parametrize("kind", NEVER_ENDING)
async def test_what_never_ends_is_cut_off_at_the_deadline(kind: str, poster: GuardedPoster) -> None:
    async with hostile(NEVER_ENDING[kind]) as server:
        with pytest.raises(Unreachable):
            await poster.post(server.url(), b"{}", {}, deadline=0.2)
        await asyncio.wait_for(server.closed.wait(), PATIENCE)


async def test_a_handshake_that_never_ends_is_cut_off(poster: GuardedPoster) -> None:
    async with hostile(stay_silent) as server:
        with pytest.raises(Unreachable):
            await poster.post(server.url(scheme="https"), b"{}", {}, deadline=0.2)
        await asyncio.wait_for(server.closed.wait(), PATIENCE)
    gc.collect()  # a connection left to the collector would warn here


async def test_a_long_answer_is_dropped_with_its_connection(poster: GuardedPoster) -> None:
    long = b"HTTP/1.1 202 OK\r\n\r\n"
    async with hostile(drip(long, b"x" * 65536, 0)) as server:
        posted = await poster.post(server.url(), b"{}", {})
        await asyncio.wait_for(server.closed.wait(), PATIENCE)
    assert posted.detail == "x" * 200


async def test_a_short_answer_is_read_whole(poster: GuardedPoster, client: Client) -> None:
    async with hostile(reply(b"x" * (MAX_ANSWER - 1), 400)) as server:
        for _ in range(2):
            await poster.post(server.url(), b"{}", {})
        await client.close()
    assert server.connections == 1


async def test_compression_is_left_alone(poster: GuardedPoster) -> None:
    async with hostile(reply(b"\x1f\x8b junk", 202, {"Content-Encoding": "gzip"})) as server:
        assert (await poster.post(server.url(), b"{}", {})).detail == "\x1f\ufffd junk"


async def test_huge_headers_are_refused(poster: GuardedPoster) -> None:
    line = b"X-Filler: " + b"x" * 1000 + b"\r\n"
    head = b"HTTP/1.1 202 OK\r\n"
    for answer in (raw(head, *[line] * 4000, b"\r\n"), raw(head, b"X: " + b"x" * 4_000_000)):
        async with hostile(answer) as server:
            with pytest.raises(Unreachable):
                await poster.post(server.url(), b"{}", {}, deadline=2)
            await asyncio.wait_for(server.closed.wait(), PATIENCE)


@pytest.mark.parametrize("closes", [hang_up, reset])
async def test_a_kept_connection_closed_under_our_hands_is_tried_once_more(
    closes: Answer, poster: GuardedPoster
) -> None:
    async with hostile(in_turn(reply(b"", 202), closes, reply(b"", 202))) as server:
        for _ in range(2):
            assert (await poster.post(server.url(), b"{}", {})).status == 202
    assert len(server.seen) == 3


async def test_all_kept_connections_may_be_closed_under_our_hands(poster: GuardedPoster) -> None:
    slowly = raw(b"", b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n", pause=0.05)
    answers = in_turn(*[slowly] * KEPT_OF_HOST, *[reset] * KEPT_OF_HOST, reply(b"", 202))
    async with hostile(answers) as server:
        together = [poster.post(server.url(), b"{}", {}) for _ in range(KEPT_OF_HOST)]
        await asyncio.gather(*together)
        assert (await poster.post(server.url(), b"{}", {})).status == 202
    assert server.connections == KEPT_OF_HOST + 1


@pytest.mark.parametrize("answer", [hang_up, reset, raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")])
async def test_broken_http_is_unreachable(answer: Answer, poster: GuardedPoster) -> None:
    async with hostile(answer) as server:
        with pytest.raises(Unreachable):
            await poster.post(server.url(), b"{}", {}, deadline=2)


def test_a_file_without_certificates_is_an_invalid_setting(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for file in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(SettingsInvalid):
            tls.context(file)
