"""The guarded way to POST bytes to another server's inbox.

The delivery worker sends every activity through it, thousands in a burst. Signing and
retrying are the caller's; connections are `client`'s.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import Unreachable
from fedi_chapter.net import retry_after
from fedi_chapter.net.client import Client

if TYPE_CHECKING:
    import aiohttp

MAX_ANSWER = 16 * 1024
MAX_DETAIL = 200


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


class GuardedPoster:
    """Posts over connections that the guard allows; the one used in earnest.

    The clock is for a Retry-After that names a date.
    """

    def __init__(self, client: Client, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = 10.0
    ) -> Posted:
        """POST as `Poster.post` says."""
        target = self._client.judge(url)
        try:
            async with (
                asyncio.timeout(deadline),
                self._client.send("POST", target, headers, body) as answer,
            ):
                return Posted(
                    status=answer.status,
                    retry_after=retry_after.seconds(
                        answer.headers.get("Retry-After"), self._clock.now()
                    ),
                    detail=await _read_detail(answer),
                )
        except TimeoutError as error:
            raise Unreachable(f"{url[:200]} did not answer in {deadline:g} seconds") from error


async def _read_detail(answer: "aiohttp.ClientResponse") -> str:
    """Read a short answer whole, so that its connection can be used again; drop a long one."""
    read = bytearray()
    while len(read) < MAX_ANSWER and (chunk := await answer.content.read(MAX_ANSWER)):
        read += chunk
    return read[:MAX_DETAIL].decode("utf-8", "replace")
