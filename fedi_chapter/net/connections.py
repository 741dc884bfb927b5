"""Connections to other servers: aiohttp's, and only where the guard allows.

Loaded by `client` with the first request: the library takes longer to load than the rest of
this room together, and most commands, and a server's start, send nothing.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from fedi_chapter.core.errors import Unreachable
from fedi_chapter.net.guard import Guard, Target

AT_ONCE = 1000
"""Connections in use: more than the lanes of the deliveries and the fetches hold together."""
MOST_KEPT, KEPT_OF_HOST = 1000, 2
"""Hosts to which connections are kept open for the next request, and how many to one."""
KEEPALIVE = 60.0
"""Seconds. Shorter than most servers': who closes first is not surprised by the other."""
READ_AHEAD = 16 * 1024
"""Bytes read from a connection before anybody wants them."""
AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers the library would add by itself; what was signed is what goes out."""


class _Resolver(AbstractResolver):
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


class _Connector(aiohttp.TCPConnector):
    """A connector that dials nothing the guard has not judged, and keeps not too much open.

    The library asks no resolver for a literal address, so the guard stands at the dial as well
    (SSRF-01). It sits below TLS: certificate, SNI and Host stay those of the name, and so does
    the place where a connection is kept (SSRF-04).
    """

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        super().__init__(
            resolver=_Resolver(guard),
            use_dns_cache=False,  # the guard remembers, and it remembers judged ones only
            socket_factory=self._dial,
            ssl=tls,
            limit=AT_ONCE,
            keepalive_timeout=KEEPALIVE,
        )
        self._guard = guard

    def _dial(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        self._guard.judge_address(address[0])
        return socket.socket(family, kind, protocol)

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        # The library bounds those in use only; strangers could fill our table of open files.
        kept = self._conns.get(key)
        is_full = len(kept) >= KEPT_OF_HOST if kept else len(self._conns) >= MOST_KEPT
        super()._release(key, protocol, should_close=should_close or is_full)


class Connections:
    """The connections of one client; they belong to the event loop they are made in."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        self._session = aiohttp.ClientSession(
            connector=_Connector(guard, tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=AUTOMATIC,
            auto_decompress=False,
            read_bufsize=READ_AHEAD,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
        )

    @asynccontextmanager
    async def send(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send exactly these headers, and lend the answer, its body still unread.

        Raises:
            UnsafeAddress: the name leads where we must not connect.
            Unreachable: no name, no connection, or it broke, also while the answer is read.

        """
        try:
            url = URL(target.url, encoded=True)
            async with await self._answer(method, url, data=body, headers=headers) as answer:
                yield answer
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{target.origin} can't be reached: {error}") from error

    async def close(self) -> None:
        """Close every one of them."""
        await self._session.close()

    async def _answer(self, method: str, url: URL, **options: Any) -> aiohttp.ClientResponse:
        """Send a request, anew when a kept connection turns out to be closed.

        The other side may close it at the very moment we use it. The library sends a GET twice
        by itself; to POST again is safe, too: receivers know an activity by its id.
        """
        for _ in range(KEPT_OF_HOST if method == "POST" else 1):
            try:
                return await self._session.request(method, url, allow_redirects=False, **options)
            except aiohttp.ClientConnectorError:
                raise  # there was no connection to begin with
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                continue
        return await self._session.request(method, url, allow_redirects=False, **options)
