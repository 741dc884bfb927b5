"""How many fetches may be under way at the same time, by who caused them.

Called by `fetch` and `ask` around every request. Strangers share a small pool, visitors another,
and in these no registrable domain and no address has more than a part, whatever names lead
there: what somebody makes us do holds up nobody else.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from weakref import WeakValueDictionary

from publicsuffixlist import PublicSuffixList

from fedi_chapter.net.addresses import read_address
from fedi_chapter.net.guard import Target

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

TOGETHER = 4
"""Requests to one origin; of strangers to one registrable domain, and to one address."""
LOOKUPS = 12
"""Names that strangers made us look up, and as many of visitors; the resolver has more threads."""
ONE_NETWORK = 64
"""Bits of an IPv6 address that one customer is given whole."""


class Cause(Enum):
    """Who made us fetch something."""

    STRANGER = "stranger"
    """Somebody nobody here has chosen: what they name may be any address at all."""
    NEIGHBOUR = "neighbour"
    """Somebody the chapter follows."""
    VISITOR = "visitor"
    """A person at one of our pages: the follow box, the sign-in."""
    OURS = "ours"
    """An organizer's command, or our own care for what we keep."""


AT_ONCE: Mapping[Cause, int] = {
    Cause.STRANGER: 16,
    Cause.NEIGHBOUR: 16,
    Cause.VISITOR: 16,
    Cause.OURS: 48,
}
"""Requests under way for each cause."""
NAMED_BY_OTHERS = frozenset({Cause.STRANGER, Cause.VISITOR})
"""Whose hosts anybody may have chosen."""


class Pools:
    """Hands out places for requests."""

    def __init__(self, lookup: Lookup) -> None:
        """Count requests for others by the addresses that `lookup` answers."""
        self._lookup = lookup
        self._lookups = {cause: asyncio.Semaphore(LOOKUPS) for cause in NAMED_BY_OTHERS}
        self._pools = {cause: asyncio.Semaphore(size) for cause, size in AT_ONCE.items()}
        self._parts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def place(self, target: Target, cause: Cause) -> AsyncIterator[None]:
        """Wait for a place for one request to `target`, and hold it.

        The whole pool comes last: who waits for a slow server holds up only others who want it.

        Raises:
            Unreachable, UnsafeAddress: as `lookup` does.

        """
        async with AsyncExitStack() as held:
            for part in await self._counted_by(target, cause):
                place = self._parts.setdefault(f"{cause} {part}", asyncio.Semaphore(TOGETHER))
                await held.enter_async_context(place)
            await held.enter_async_context(self._pools[cause])
            yield

    async def _counted_by(self, target: Target, cause: Cause) -> tuple[str, ...]:
        if cause not in NAMED_BY_OTHERS:
            return (target.origin,)
        addresses = await self._addresses(target, self._lookups[cause])
        return (f"domain {await domain_of(target.host)}", f"address {network(addresses[0])}")

    async def _addresses(self, target: Target, places: asyncio.Semaphore) -> Sequence[str]:
        """Look a name up. Asking the system can't be cut off, so it is counted to its end."""
        await places.acquire()
        lookup = asyncio.ensure_future(self._lookup(target.host, target.port))

        def ended(_: object) -> None:
            places.release()
            if not lookup.cancelled():
                lookup.exception()  # nobody may be left to take it

        lookup.add_done_callback(ended)
        return await asyncio.shield(lookup)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the one that comes with the package


async def domain_of(host: str) -> str:
    """Return what `registrable` does; first in a thread, for the list takes a while to be read."""
    if not _suffixes.cache_info().currsize:
        await asyncio.to_thread(_suffixes)
    return registrable(host)


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """Return the part of a host's name that somebody registered; a bare address as it is."""
    if read_address(host) is not None:
        return host
    return _suffixes().privatesuffix(host) or host


def network(address: str) -> str:
    """Return what one customer of a network has: an IPv4 address, or 64 bits of an IPv6 one."""
    read = read_address(address)
    if isinstance(read, IPv6Address):
        return str(ip_network((read, ONE_NETWORK), strict=False))
    return address
