"""The one HTTP client, over connections that only the guard opens.

Made once by the composition root; `fetch`, `post` and `ask` send through it and share its
connections, so that an actor fetched a moment ago is answered over the same one. Who may be
asked how often, what an answer means and what is done with its body are theirs.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fedi_chapter.net.guard import Guard, Target

if TYPE_CHECKING:  # what loading it costs, stands in `connections`
    import aiohttp

    from fedi_chapter.net.connections import Connections


class Client:
    """Sends requests to judged addresses.

    It knows no cookies, redirects, proxies, credentials or environment (SSRF-09, SSRF-13).
    """

    def __init__(self, guard: Guard, *, tls: ssl.SSLContext, user_agent: str) -> None:
        self._guard = guard
        self._tls = tls
        self._user_agent = user_agent
        self._connections: Connections | None = None

    def judge(self, url: str) -> Target:
        """Return what `url` leads to.

        Raises:
            UnsafeAddress: we must not connect there.

        """
        return self._guard.judge(url)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return where the name `host` leads.

        Raises:
            UnsafeAddress: to an address that is not allowed.
            Unreachable: nowhere.

        """
        return await self._guard.resolve(host, port)

    @asynccontextmanager
    async def send(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None = None
    ) -> "AsyncIterator[aiohttp.ClientResponse]":
        """Send exactly these `headers` and our name; lend the answer, its body still unread.

        A connection whose answer was not read to its end is closed, not kept.

        Raises:
            UnsafeAddress: the name leads where we must not connect.
            Unreachable: no name, no connection, or it broke, also while the answer is read.

        """
        connections = self._connections or await self._open()
        named = {**headers, "User-Agent": self._user_agent}
        async with connections.send(method, target, named, body) as answer:
            yield answer

    async def close(self) -> None:
        """Close every connection; the next request opens anew."""
        if self._connections is not None:
            await self._connections.close()
            self._connections = None

    async def _open(self) -> "Connections":
        # Loaded in a thread: others go on meanwhile.
        module: Any = await asyncio.to_thread(import_module, "fedi_chapter.net.connections")
        if self._connections is None:  # else another request was faster
            self._connections = module.Connections(self._guard, self._tls)
        return self._connections
