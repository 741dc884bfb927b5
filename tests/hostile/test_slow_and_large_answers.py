import asyncio
import gc
import gzip
import tracemalloc
import zlib

import pytest

from fedi_chapter.core.errors import (
    BadDocument,
    NoDocument,
    Unreachable,
)
from fedi_chapter.net.fetch import GuardedFetcher
from tests.kit.hostile_server import (
    Answer,
    drip,
    hang_up,
    hostile,
    raw,
    reply,
    stay_silent,
)
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio

MIB = 1 << 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"


# SSRF-10: time


NEVER_ENDING = {
    "body": drip(HEAD + b"Content-Length: 1000\r\n\r\n", b"x", 0.02),
    "chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.02),
    "headers": drip(HEAD, b"X-Y: z\r\n", 0.02),
    "one header": drip(HEAD + b"X: ", b"x", 0.02),
    "status line": drip(b"HTTP/1.1 ", b"2", 0.02),
    "interim answers": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.001),
    "silence": stay_silent,
}


@pytest.mark.parametrize("kind", NEVER_ENDING)
async def test_what_never_ends_is_cut_off_at_the_deadline(
    kind: str, fetcher: GuardedFetcher
) -> None:
    async with asyncio.timeout(PATIENCE), hostile(NEVER_ENDING[kind]) as server:
        with pytest.raises(Unreachable):
            await fetcher.get(server.url(), deadline=0.25)
        await server.closed.wait()


async def test_a_handshake_that_never_ends_is_cut_off(fetcher: GuardedFetcher) -> None:
    async with hostile(stay_silent) as server:
        with pytest.raises(Unreachable):
            await fetcher.get(server.url(host="peer.example", scheme="https"), deadline=0.25)
        await asyncio.wait_for(server.closed.wait(), PATIENCE)
    gc.collect()  # a connection left to the collector would warn here


# SSRF-10, SSRF-11: size


async def test_four_megabytes_of_headers_are_not_read(fetcher: GuardedFetcher) -> None:
    line = b"X-Filler: " + b"x" * 1000 + b"\r\n"
    async with hostile(raw(HEAD, *[line] * 4000, b"\r\n")) as server:
        with pytest.raises(Unreachable):
            await fetcher.get(server.url())
        await asyncio.wait_for(server.closed.wait(), PATIENCE)


async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(fetcher: GuardedFetcher) -> None:
    async with hostile(reply(b"x" * 1000)) as server:
        assert len((await fetcher.get(server.url(), limit=1000)).body) == 1000
        with pytest.raises(BadDocument, match="larger"):
            await fetcher.get(server.url(), limit=999)


async def test_an_endless_body_is_dropped_at_the_limit(fetcher: GuardedFetcher) -> None:
    async with hostile(drip(HEAD + b"\r\n", b"x" * 65536, 0)) as server:
        with pytest.raises(BadDocument, match="larger"):
            await fetcher.get(server.url())
        await asyncio.wait_for(server.closed.wait(), PATIENCE)


async def test_a_gzip_bomb_is_defused_with_flat_memory(fetcher: GuardedFetcher) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(packer.compress(bytes(MIB)) for _ in range(256)), packer.flush()])
    assert len(bomb) < 300_000
    async with hostile(reply(bomb, 200, {"Content-Encoding": "gzip"})) as server:
        tracemalloc.start()
        try:
            with pytest.raises(BadDocument, match="larger"):
                await fetcher.get(server.url())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * MIB


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("Deflate", zlib.compress),
        ("identity, gzip", gzip.compress),
        ("Identity", bytes),
        ("identity,identity", bytes),
    ],
)
async def test_a_body_compressed_unasked_is_read(
    encoding: str, pack: object, fetcher: GuardedFetcher
) -> None:
    assert callable(pack)
    packed = reply(pack(b"hello" * 99), 200, {"Content-Encoding": encoding})
    async with hostile(packed) as server:
        assert (await fetcher.get(server.url())).body == b"hello" * 99


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"\x0b\x02\x80hello\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0)),
    ],
)
async def test_an_encoding_that_nobody_asked_for_is_a_bad_document(
    encoding: str, body: bytes, fetcher: GuardedFetcher
) -> None:
    async with hostile(reply(body, 200, {"Content-Encoding": encoding})) as server:
        with pytest.raises(BadDocument):
            await fetcher.get(server.url())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b"hello" * 99, mtime=0)[:-9]),
        ("gzip", gzip.compress(b"{}", mtime=0) + b"more"),
        ("gzip", b""),
    ],
)
async def test_a_body_that_can_not_be_unpacked_may_be_whole_the_next_time(
    encoding: str, body: bytes, fetcher: GuardedFetcher
) -> None:
    async with hostile(reply(body, 200, {"Content-Encoding": encoding})) as server:
        with pytest.raises(NoDocument):
            await fetcher.get(server.url())


async def test_a_double_gzip_is_opened_once_only(fetcher: GuardedFetcher) -> None:
    inner = gzip.compress(b"{}", mtime=0)
    async with hostile(
        reply(gzip.compress(inner, mtime=0), 200, {"Content-Encoding": "gzip"})
    ) as server:
        assert (await fetcher.get(server.url())).body == inner


@pytest.mark.parametrize(
    "answer",
    [
        raw(HEAD + b"Content-Length: 99\r\n\r\nshort"),
        raw(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
        raw(HEAD + b"Content-Length: -1\r\n\r\n"),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
        raw(b""),
        hang_up,
    ],
)
async def test_broken_http_is_unreachable(answer: Answer, fetcher: GuardedFetcher) -> None:
    async def and_close(seen: object, writer: asyncio.StreamWriter) -> None:
        await answer(seen, writer)  # type: ignore[arg-type]
        writer.close()

    async with hostile(and_close) as server:
        with pytest.raises(Unreachable):
            await fetcher.get(server.url())
