"""Is something of another server really gone? Asked at its own address.

Called by the handlers of Delete, never in a transaction. Only a clear answer counts: a server
that is closed for repairs, or hides an account until it has erased it, is asked again.
"""

from enum import Enum, auto

from fedi_chapter.core.errors import (
    NotWelcome,
    RemoteBusy,
    RemoteFailure,
    RemoteGone,
    UnsafeAddress,
)
from fedi_chapter.deps import Deps
from fedi_chapter.federation import origin
from fedi_chapter.net.fetch import Budget
from fedi_chapter.vocab.shape import types_of


class Found(Enum):
    """What stands at an address."""

    THERE = auto()
    """A document with this id."""
    MISSING = auto()
    """Nothing (404): it may never have been there."""
    GONE = auto()
    """A tombstone, or 410."""


async def look(deps: Deps, uri: str, budget: Budget) -> Found:
    """Return what stands at `uri`.

    Raises:
        RemoteBusy: no clear answer; ask again.
        UnsafeAddress, NotWelcome: it is never asked.

    """
    try:
        document = await origin.fetch(deps, uri, budget=budget)
    except RemoteGone as error:
        return Found.GONE if error.answer == 410 else Found.MISSING
    except (UnsafeAddress, NotWelcome):
        raise
    except RemoteFailure as error:
        raise RemoteBusy(error.message) from error
    return Found.GONE if "Tombstone" in types_of(document) else Found.THERE
