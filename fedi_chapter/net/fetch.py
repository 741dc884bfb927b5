"""The guarded way to GET something from another server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fedi_chapter.core.errors import RemoteRefused
from fedi_chapter.sig.keys import SigningKey

ACTIVITY = (
    'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
)
MEBIBYTE = 1 << 20


@dataclass(slots=True)
class Budget:
    """How many fetches one incoming activity may cause (SSRF-14)."""

    left: int = 20

    def spend(self) -> None:
        """Take one fetch.

        Raises:
            RemoteRefused: nothing is left.

        """
        if self.left <= 0:
            raise RemoteRefused("this activity asked for too many fetches")
        self.left -= 1


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer 200: the address it finally came from, its type without parameters, its body."""

    url: str
    media_type: str
    """Lower case, without parameters."""
    content_type: str
    """The whole header value, for the profile parameter."""
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Fetcher(Protocol):
    """Fetches documents from other servers."""

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY,
        key: SigningKey | None = None,
        limit: int = MEBIBYTE,
        deadline: float = 10.0,
        budget: Budget | None = None,
    ) -> Fetched:
        """GET `url`, signed when a `key` is given, at most `limit` bytes in `deadline` seconds.

        Redirects are followed at most three times, each judged anew and signed anew.

        Raises:
            UnsafeAddress: the address leads where we must not connect.
            Unreachable: no connection, no name, no answer in time.
            RemoteGone: 404 or 410.
            RemoteBusy: 429 or 503, with the seconds it asked for.
            RemoteRefused: any other status, or too many redirects.
            BadDocument: too large, or badly encoded.

        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
