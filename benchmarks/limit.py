"""The machine's bare limit for the fan-out: sign and POST, and nothing else.

`python -m benchmarks.limit`, started by `benchmarks.fanout` beside every measured run. It
uses the same signing and the same HTTP client as the delivery worker, in the same numbers; it
has no database, no queue, no leases, no records.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.programs import Handlers, helper
from fedi_chapter.core.clock import SystemClock
from fedi_chapter.net import tls
from fedi_chapter.net.client import Client
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.post import GuardedPoster
from fedi_chapter.sig.digest import sha256_base64
from fedi_chapter.sig.keys import SigningKey, make_rsa
from fedi_chapter.sig.sign import sign

AT_ONCE = 128
CHUNK = 32
SIGNERS = 2


class Limit:
    """Signs and posts as fast as this machine can."""

    def __init__(self, extra_ca: Path | None) -> None:
        self._key = SigningKey("http://127.0.0.1/chapter#main-key", "rsa", make_rsa())
        self._client = Client(
            Guard(allow_private=True), tls=tls.context(extra_ca), user_agent="bare-limit"
        )
        self._poster = GuardedPoster(self._client, clock=SystemClock())
        self._places = asyncio.Semaphore(AT_ONCE)

    async def send(self, inboxes: Sequence[str], size: int) -> int:
        """Post a body of `size` bytes to every inbox; return how many took it."""
        body = b"x" * size
        digest = sha256_base64(body)
        loop, signers = asyncio.get_running_loop(), ThreadPoolExecutor(SIGNERS)
        chunks = [inboxes[start : start + CHUNK] for start in range(0, len(inboxes), CHUNK)]
        signed = [loop.run_in_executor(signers, self._sign, chunk, digest) for chunk in chunks]
        posts: list[asyncio.Task[bool]] = []
        for chunk, done in zip(chunks, signed, strict=True):
            for inbox, headers in zip(chunk, await done, strict=True):
                await self._places.acquire()
                posts.append(asyncio.create_task(self._post(inbox, body, headers)))
        taken = await asyncio.gather(*posts)
        await self._client.close()
        signers.shutdown()
        return sum(taken)

    def _sign(self, inboxes: Sequence[str], digest: str) -> list[dict[str, str]]:
        now = datetime.now(UTC)
        return [
            sign("cavage", self._key, method="POST", url=inbox, at=now, digest=digest)
            for inbox in inboxes
        ]

    async def _post(self, inbox: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            return (await self._poster.post(inbox, body, headers)).status == 202
        finally:
            self._places.release()


async def start(extra_ca: str | None) -> Handlers:
    """Make the key and the client."""
    limit = Limit(Path(extra_ca) if extra_ca else None)
    return {"send": limit.send}


if __name__ == "__main__":
    helper(start)
