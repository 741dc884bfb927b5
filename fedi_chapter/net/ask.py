"""The guarded way to call another server's programming interface: GET, or POST of a form.

Called by `signin` only. What an answer means, also one that refuses, is for the caller to judge.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from fedi_chapter.core.errors import Unreachable
from fedi_chapter.net.body import read_bounded
from fedi_chapter.net.client import Client
from fedi_chapter.net.pools import Cause, Pools

DEADLINE = 10.0
MAX_ANSWER = 64 * 1024
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, whatever its status; a redirect is one as well."""

    status: int
    body: bytes


class Asker(Protocol):
    """Calls other servers."""

    async def ask(
        self, url: str, *, form: Mapping[str, str] | None = None, bearer: str | None = None
    ) -> Said:
        """GET `url`, or POST `form` to it, as whoever the token `bearer` stands for.

        No redirect is followed: a secret goes to the address it is meant for, or nowhere.

        Raises:
            UnsafeAddress: the address leads where we must not connect.
            Unreachable: no connection, no name, no answer in time.
            BadDocument: the answer is larger than 64 KiB, or badly encoded.

        """
        ...


class GuardedAsker:
    """Calls over connections that the guard opens; the one used in earnest."""

    def __init__(self, client: Client, *, deadline: float = DEADLINE) -> None:
        self._client = client
        self._deadline = deadline
        self._pools = Pools(client.addresses)

    async def ask(
        self, url: str, *, form: Mapping[str, str] | None = None, bearer: str | None = None
    ) -> Said:
        """Call as `Asker.ask` says."""
        target = self._client.judge(url)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        method, body = "GET", None
        if form is not None:
            method, body = "POST", urlencode(form).encode()
            headers["Content-Type"] = FORM
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._pools.place(target, Cause.VISITOR),
                self._client.send(method, target, headers, body) as answer,
            ):
                encoding = answer.headers.get("Content-Encoding", "").strip().lower()
                chunks = answer.content.iter_any()
                return Said(answer.status, await read_bounded(chunks, encoding, MAX_ANSWER))
        except TimeoutError as error:
            raise Unreachable(
                f"{target.origin} did not answer in {self._deadline:g} seconds"
            ) from error
