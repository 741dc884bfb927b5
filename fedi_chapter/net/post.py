"""The guarded way to POST bytes to another server's inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


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
