"""The guarded HTTP client for fetches: httpx over connections that only the guard opens.

Used by `fetch` alone. Each host has a small client of its own, keyed by name: a shared pool
grows slow with many hosts, and one keyed by address would reuse a connection whose
certificate was checked for another name. Signatures, redirects and bodies are `fetch`'s.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import httpcore
import httpx

from fedi_chapter.net.guard import Guard, Target

PER_HOST = 4
AT_ONCE = 64
MAX_HOSTS = 128
KEEPALIVE = 15.0
CONNECT = 4.0
"""Seconds for one address, so that a dead one leaves time for the next."""


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that is closed when its handshake is cancelled.

    httpcore closes it when the handshake fails, but leaves it to the garbage collector when
    a deadline cuts the handshake off (SSRF-10).
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self.read = stream.read  # type: ignore[method-assign]
        self.write = stream.write  # type: ignore[method-assign]
        self.aclose = stream.aclose  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]
        self._stream = stream

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
            raise


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to nothing but the addresses the guard has judged.

    It sits below TLS, so certificate, SNI and Host stay those of the name (SSRF-04).
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._dial = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first judged address of `host` that answers.

        Raises:
            UnsafeAddress: the name leads where we must not connect.
            Unreachable: the name is unknown.
            httpcore.ConnectError: no address answers.

        """
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._guard.resolve(host, port):
            try:
                return _Stream(
                    await self._dial.connect_tcp(
                        address, port, timeout or CONNECT, local_address, socket_options
                    )
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class GuardedTransport(httpx.AsyncHTTPTransport):
    """An httpx transport whose every connection goes through a `GuardedBackend`.

    httpx has no parameter for the backend, so the pool is made here and put in the place
    where httpx keeps its own; a test pins that it is the one in use. Used without a
    `httpx.AsyncClient`, it knows no cookies, redirects, proxies, credentials or environment
    (SSRF-09, SSRF-13).
    """

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=PER_HOST,
            max_keepalive_connections=1,
            keepalive_expiry=KEEPALIVE,
            network_backend=GuardedBackend(guard),
        )


@dataclass(slots=True)
class Door:
    """The way to one origin: its connections, its slots, and the signatures it likes."""

    transport: httpx.AsyncBaseTransport
    users: int = 0
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PER_HOST))
    wants_rfc9421: bool = False
    """It has refused the older signatures and taken the newer ones."""


class Doors:
    """One door per origin, the least recently used ones closed when there are too many."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        self._guard = guard
        self._tls = tls
        self._doors: OrderedDict[str, Door] = OrderedDict()
        self._slots = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def through(self, target: Target) -> AsyncIterator[Door]:
        """Wait for a slot of the target's host, then for one of all; lend the door meanwhile.

        In this order a slow host keeps waiting only those who want that host.
        """
        door = self._borrow(target.origin)
        try:
            for surplus in self._take_surplus():
                await surplus.transport.aclose()
            async with door.slots, self._slots:
                yield door
        finally:
            door.users -= 1

    async def close(self) -> None:
        """Close every connection."""
        while self._doors:
            _, door = self._doors.popitem()
            await door.transport.aclose()

    def _borrow(self, origin: str) -> Door:
        door = self._doors.get(origin)
        if door is None:
            door = self._doors[origin] = Door(GuardedTransport(self._guard, self._tls))
        self._doors.move_to_end(origin)
        door.users += 1
        return door

    def _take_surplus(self) -> list[Door]:
        idle = [origin for origin, door in self._doors.items() if not door.users]
        return [self._doors.pop(origin) for origin in idle[: max(0, len(self._doors) - MAX_HOSTS)]]
