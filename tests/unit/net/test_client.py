import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from fedi_chapter.core.errors import UnsafeAddress
from fedi_chapter.net import connections
from fedi_chapter.net.client import Client
from fedi_chapter.net.fetch import GuardedFetcher
from fedi_chapter.net.guard import Guard, Target
from fedi_chapter.net.post import GuardedPoster
from tests.kit.hostile_server import hostile, raw, reply, until
from tests.kit.outbound import Names

pytestmark = pytest.mark.anyio


@pytest.fixture
async def strict(trust: ssl.SSLContext) -> AsyncIterator[Client]:
    made = Client(Guard(allow_private=False), tls=trust, user_agent="a-test/1")
    yield made
    await made.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_a_literal_address_is_judged_at_the_dial_even_where_nobody_judged_its_url(
    host: str, strict: Client
) -> None:
    # The library shows its resolver no literal address: this holds the other gate.
    async with hostile(reply()) as server:
        with pytest.raises(UnsafeAddress):
            async with strict.send("GET", Target("http", host, server.port, "/"), {}):
                pass
    assert server.connections == 0


async def test_an_actor_just_fetched_is_answered_over_the_same_connection(
    client: Client, fetcher: GuardedFetcher, poster: GuardedPoster
) -> None:
    async with hostile(reply()) as server:
        await fetcher.get(server.url("/actor", host="peer.example"))
        await poster.post(server.url("/inbox", host="peer.example"), b"{}", {})
        await fetcher.get(server.url("/actor", host="other.example"))
        await client.close()
    assert [seen.connection for seen in server.seen] == [1, 1, 2]


async def test_connections_are_kept_to_so_many_hosts_and_no_more(
    client: Client, fetcher: GuardedFetcher, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_KEPT", 2)
    async with hostile(reply()) as server:
        for name in "abcda":
            await fetcher.get(server.url(host=f"{name}.example"))
        await until(lambda: server.open == 2)
        await client.close()
    assert names.asked == ["a.example", "b.example", "c.example", "d.example"]


async def test_of_many_connections_to_one_host_two_are_kept(
    client: Client, fetcher: GuardedFetcher
) -> None:
    slowly = raw(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", pause=0.05)
    async with hostile(slowly) as server:
        await asyncio.gather(*(fetcher.get(server.url(f"/{number}")) for number in range(4)))
        assert server.most_open == 4
        await until(lambda: server.open == connections.KEPT_OF_HOST)
        await client.close()
