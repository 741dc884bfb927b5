"""The other servers, as thin as they can be: many loopback addresses, one raw HTTP protocol.

Used by the sink of the fan-out and by the peers of the inbox. They parse what they must and
nothing more, for they share the machine with what is measured.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence

from benchmarks.programs import free_port

BACKLOG = 512
TAKEN = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
Answer = Callable[[str, bytes, bytes], bytes | None]
"""Address, request line, body: the whole answer, or None for silence."""


class Talk(asyncio.Protocol):
    """One connection from the chapter."""

    def __init__(self, address: str, answer: Answer) -> None:
        self._address, self._answer = address, answer
        self._read = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (request := self._next()) is not None:
            said = self._answer(self._address, *request)
            if said is not None and self._transport is not None:
                self._transport.write(said)

    def _next(self) -> tuple[bytes, bytes] | None:
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return None
        head, start = self._read[:end], end + 4
        length = length_in(head)
        if len(self._read) < start + length:
            return None
        body, self._read = self._read[start : start + length], self._read[start + length :]
        return head.partition(b"\r\n")[0], body


def length_in(head: bytes) -> int:
    """Return the Content-Length that a head announces; 0 without one."""
    _, found, rest = head.lower().partition(_LENGTH)
    return int(rest.partition(b"\r\n")[0]) if found else 0


def addresses(network: int, count: int) -> list[str]:
    """Return `count` loopback addresses of 127.`network`.0.0."""
    return [f"127.{network}.{number // 250}.{number % 250 + 1}" for number in range(count)]


async def listen(
    where: Sequence[str], answer: Answer, *, port: int = 0, tls: Sequence[ssl.SSLContext] = ()
) -> int:
    """Answer on every address, one port for all; return the port."""
    loop = asyncio.get_running_loop()
    port = port or free_port()
    for number, address in enumerate(where):
        listener = bound(address, port)
        await loop.create_server(
            lambda address=address: Talk(address, answer),
            sock=listener,
            backlog=BACKLOG,
            ssl=tls[number] if tls else None,
        )
    return port


def bound(address: str, port: int) -> socket.socket:
    """Take a port; connections are refused until somebody listens."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind((address, port))
    return taken
