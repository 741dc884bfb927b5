"""The guarded way to POST bytes to another server's inbox.

The delivery worker sends every activity through it, thousands in a burst; hence aiohttp,
which carries several times what httpx does. Signing and retrying are the caller's.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from fedi_chapter.core.clock import Clock, SystemClock
from fedi_chapter.core.errors import Unreachable
from fedi_chapter.net import retry_after
from fedi_chapter.net.guard import Guard

AT_ONCE = 1000
KEEPALIVE = 75.0
MAX_ANSWER = 16 * 1024
MAX_DETAIL = 200
AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers the library would add by itself; what was signed is what goes out."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to a POST: status, and the seconds of a Retry-After if there was one."""

    status: int
    retry_after: float | None = None
    detail: str = ""
    """The first characters of the answer, for the operator."""


class Poster(Protocol):
    """Posts signed bytes."""

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = 10.0
    ) -> Posted:
        """POST `body` to `url` with exactly these `headers`; no redirect is followed.

        Raises:
            UnsafeAddress: the address leads where we must not connect.
            Unreachable: no connection, no name, no answer within `deadline` seconds.

        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class _GuardedResolver(AbstractResolver):
    """Hands aiohttp the addresses the guard has judged, and no others (SSRF-04)."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await self._guard.resolve(host, port)
        ]

    async def close(self) -> None:
        """Hold nothing, so close nothing."""


class GuardedPoster:
    """Posts over connections that the guard allows; the one used in earnest.

    The clock is for a Retry-After that names a date.
    """

    def __init__(
        self, guard: Guard, *, tls: ssl.SSLContext, user_agent: str, clock: Clock | None = None
    ) -> None:
        self._guard = guard
        self._clock = clock or SystemClock()
        self._tls = tls
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = 10.0
    ) -> Posted:
        """POST as `Poster.post` says."""
        # A literal address never reaches the resolver: it is judged here (SSRF-15).
        target = URL(self._guard.judge(url).url, encoded=True)
        try:
            async with asyncio.timeout(deadline):
                try:
                    return await self._send(target, body, headers)
                except aiohttp.ServerDisconnectedError:
                    # A kept connection that the other side closed at this very moment. Sending
                    # again is safe: receivers know an activity by its id.
                    return await self._send(target, body, headers)
        except TimeoutError as error:
            raise Unreachable(f"{target} did not answer in {deadline:g} seconds") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{target} can't be reached: {error}") from error

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(self, target: URL, body: bytes, headers: Mapping[str, str]) -> Posted:
        session = self._session or self._open()
        sent = {**headers, "User-Agent": self._user_agent}
        async with session.post(target, data=body, headers=sent, allow_redirects=False) as answer:
            return Posted(
                status=answer.status,
                retry_after=retry_after.seconds(
                    answer.headers.get("Retry-After"), self._clock.now()
                ),
                detail=await _read_detail(answer),
            )

    def _open(self) -> aiohttp.ClientSession:
        # Made at the first post, because it belongs to the loop it is made in.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_GuardedResolver(self._guard),
                use_dns_cache=False,  # the guard remembers, and it remembers judged ones only
                ssl=self._tls,
                limit=AT_ONCE,
                keepalive_timeout=KEEPALIVE,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=AUTOMATIC,
            auto_decompress=False,
            read_bufsize=MAX_ANSWER,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
        )
        return self._session


async def _read_detail(answer: aiohttp.ClientResponse) -> str:
    """Read a short answer whole, so that its connection can be used again; drop a long one."""
    read = bytearray()
    while len(read) < MAX_ANSWER and (chunk := await answer.content.read(MAX_ANSWER)):
        read += chunk
    if not answer.content.at_eof():
        answer.close()
    return read[:MAX_DETAIL].decode("utf-8", "replace")
