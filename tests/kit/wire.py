"""A chapter that answers on a real socket as `run` lets it answer, and bytes said to it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from fedi_chapter.web import wire
from tests.kit.patience import PATIENCE


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """Answer for `app` on a free port, and give that."""
    config = uvicorn.Config(
        app, http=wire.BoundedProtocol, ws="none", lifespan="off", log_config=None
    )
    config.load()
    state = uvicorn.server.ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: wire.BoundedProtocol(config, state, {}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()


async def say(port: int, *pieces: bytes, hang_up: bool = False) -> bytes:
    """Send `pieces`, and return all that is answered until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if not hang_up:
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        answer = answer or b"closed"
    finally:
        writer.close()
    return answer


def status_of(answer: bytes) -> int:
    match = re.match(rb"HTTP/1.1 (\d{3}) ", answer)
    assert match, answer[:100]
    return int(match[1])
