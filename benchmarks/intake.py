"""The machine's bare limit for the inbox: read, verify, store in groups, and nothing else.

`python -m benchmarks.intake`, started by `benchmarks.inbox` beside every measured run. It uses
the same reading, the same verifying and the same writer as the inbox's door; it has no HTTP, no
rules of trust, no look-ups, and nobody who processes what was stored.
"""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.peers import PEM, Peer
from benchmarks.programs import Handlers, helper
from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.sig import verify
from fedi_chapter.store import inbox, migrate
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import Database
from fedi_chapter.vocab.read import read_activity

BASE = "http://127.0.0.1:1"
GROUP = 32
"""As many as the driver sends at a time share one commit."""


def _request(peer: Peer) -> verify.Request:
    head, _, body = peer.signed(peer.note(f"{BASE}/chapter", None), f"{BASE}/inbox").partition(
        b"\r\n\r\n"
    )
    fields = (line.partition(b": ") for line in head.split(b"\r\n")[1:])
    headers = tuple((name.lower(), value) for name, _, value in fields)
    return verify.Request("POST", "/inbox", headers, body, BASE)


def _taken(request: verify.Request, key: RemoteKey) -> Incoming:
    activity = read_activity(request.body)
    verify.check(verify.claim(request, now=datetime.now(UTC)), key)
    return Incoming(
        activity_id=activity.id or "",
        actor_uri=activity.actor,
        type=type(activity).__name__,
        body=request.body,
        host="127.0.0.1",
    )


async def _rate(db: Database, count: int) -> float:
    peer = Peer("http://127.0.2.1:1")
    key = RemoteKey(f"{peer.uri}#key", peer.uri, "rsa", PEM.encode())
    requests = [_request(peer) for _ in range(count)]
    began = time.monotonic()
    for start in range(0, count, GROUP):
        group = [_taken(request, key) for request in requests[start : start + GROUP]]
        await db.write(lambda tx, group=group: inbox.put_many(tx, group))  # type: ignore[misc]
    return count / (time.monotonic() - began)


async def take(count: int) -> float:
    """Take `count` signed notes into a new database; return how many a second."""
    with tempfile.TemporaryDirectory(prefix="bench-intake-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'chapter.db'}"
        migrate.upgrade(url)
        db = open_database(url, clock=SystemClock(), ids=RandomIds())
        try:
            return await _rate(db, count)
        finally:
            await db.close()


async def start() -> Handlers:
    """Offer the one verb."""
    return {"take": take}


if __name__ == "__main__":
    helper(start)
