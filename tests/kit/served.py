"""The program as its operator starts it, over a chapter that is founded already.

Used by the tests of faults. Requests come in as behind a proxy: by http, for the chapter's
public name. A process is ended by its own handle.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.domain.remote_actor import RemoteActor, RemoteKey
from fedi_chapter.settings import PREFIX
from fedi_chapter.store import remote_actors
from fedi_chapter.store.tx import WriteTx
from tests.kit.patience import PATIENCE
from tests.kit.peers.signatures import pem_of, signed_post
from tests.kit.processes import free_port
from tests.kit.sending import BASE

HOST = BASE.removeprefix("https://")


@dataclass
class Program:
    """A running process of the program, and what it said so far."""

    process: Process
    port: int
    lines: list[str] = field(default_factory=list)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Keep what it says until it ends."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode())
            if line.startswith(b"ready"):
                self.is_ready.set()
        self.is_ready.set()

    async def stop(self) -> float:
        """Ask it to stop; return after how many seconds it had."""
        began = monotonic()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await self.process.wait() == 0, "".join(self.lines)
        return monotonic() - began

    def said(self, word: str) -> list[str]:
        """Return the lines with a word."""
        return [line for line in self.lines if word in line]


@asynccontextmanager
async def program(verb: str, url: str, data: Path) -> AsyncIterator[Program]:
    """Run `run`, `web` or `worker` until it is ready; whoever still runs at the end is killed."""
    port = free_port()
    at = () if verb == "worker" else ("--port", str(port))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fedi_chapter", verb, "--data", str(data), *at),
        stderr=asyncio.subprocess.PIPE,
        env={
            **{name: value for name, value in os.environ.items() if PREFIX not in name},
            f"{PREFIX}DATABASE_URL": url,
            f"{PREFIX}DANGER_ALLOW_PRIVATE_NETWORK": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    running = Program(process, port)
    listening = asyncio.create_task(running.listen())
    try:
        await running.is_ready.wait()
        assert process.returncode is None, "".join(running.lines)
        yield running
    except BaseException as error:
        error.add_note("".join(running.lines))
        raise
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


@dataclass(frozen=True)
class Peer:
    """Somebody on another server, whose key the chapter knows, and who sends again until 202."""

    key: RSAPrivateKey
    uri: str = "https://peer.test/users/ada"

    def known(self, tx: WriteTx) -> None:
        """Be somebody the chapter has met."""
        key = RemoteKey(f"{self.uri}#key", self.uri, "rsa", pem_of(self.key).encode())
        remote_actors.put(
            tx,
            RemoteActor(
                *(self.uri, "peer.test", "Person", "ada", "ada@peer.test", "Ada"),
                *(f"{self.uri}/inbox", self.uri),
                fetched_at=tx.now,
                keys=(key,),
            ),
        )

    async def likes(self, client: httpx.AsyncClient, number: int) -> httpx.Response:
        """Send one Like, which is told apart by its number."""
        like = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": self.like(number),
            "type": "Like",
            "actor": self.uri,
            "object": f"{BASE}/chapter",
        }
        body = json.dumps(like).encode()
        headers = signed_post(self.key, f"{self.uri}#key", f"{BASE}/inbox", body, datetime.now(UTC))
        return await client.post("/inbox", content=body, headers=headers)

    def like(self, number: int) -> str:
        """Return the id of a Like."""
        return f"{self.uri}/likes/{number}"


def visiting(served: Program) -> httpx.AsyncClient:
    """Return a client of the chapter, which patiently waits for any answer."""
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{served.port}",
        headers={"Host": HOST},
        trust_env=False,
        timeout=PATIENCE,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    )


async def timed(ask: Callable[[], Awaitable[httpx.Response]]) -> tuple[httpx.Response, float]:
    """Return an answer, and how many seconds it took."""
    began = monotonic()
    answer = await ask()
    return answer, monotonic() - began
