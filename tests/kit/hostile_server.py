"""Loopback servers that behave as badly as they are told to, and remember what they were sent.

Used by the tests of outbound HTTP. They speak raw bytes, so that they can do what a decent
HTTP library refuses to. Nothing here judges: the tests do.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.kit.patience import PATIENCE


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    names: tuple[str, ...]
    """Header names in order and spelling, as sent."""
    body: bytes
    connection: int
    """Which connection it came over, counted from 1."""


Answer = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class HostileServer:
    """What happened at one server."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    asked_names: list[str | None] = field(default_factory=list)
    """The server names of TLS handshakes (SNI)."""
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no connection is open, once there was one."""

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Return a URL here, under any name."""
        return f"{scheme}://{host}:{self.port}{path}"


def reply(
    body: bytes = b"{}", status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Answer decently, with a length."""
    return raw(_response(body, status, headers or {}))


def raw(*pieces: bytes, pause: float = 0.0) -> Answer:
    """Send `pieces` as they are, with a pause in seconds before each but the first."""

    async def answer(_: Seen, writer: asyncio.StreamWriter) -> None:
        for number, piece in enumerate(pieces):
            if number and pause:
                await asyncio.sleep(pause)
            writer.write(piece)
            await writer.drain()

    return answer


def drip(start: bytes, drop: bytes, every: float) -> Answer:
    """Send `start`, then one `drop` after the other and never end."""

    async def answer(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(every)

    return answer


def by_path(answers: Mapping[str, Answer]) -> Answer:
    """Answer by path; an unknown one gets 404."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await answers.get(seen.target, reply(b"", 404))(seen, writer)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """Give each answer once, the last one for ever."""
    rest = list(answers)

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        chosen = rest.pop(0) if len(rest) > 1 else rest[0]
        await chosen(seen, writer)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    """Send elsewhere."""
    return reply(b"", status, {"Location": location})


async def hang_up(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Close without an answer."""
    writer.close()


async def reset(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Close without an answer, and so hard that the other side sees its connection reset."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def stay_silent(_: Seen, __: asyncio.StreamWriter) -> None:
    """Take the request and never answer."""
    await asyncio.Event().wait()


async def until(happened: Callable[[], bool], within: float = PATIENCE) -> None:
    """Wait until something has happened, at most `within` seconds."""
    async with asyncio.timeout(within):
        while not happened():  # noqa: ASYNC110 - what a test waits for has no event of its own
            await asyncio.sleep(0.005)


@asynccontextmanager
async def hostile(
    answer: Answer, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> AsyncIterator[HostileServer]:
    """Run a server on a free port until the block ends."""
    server = HostileServer()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        server.open += 1
        server.most_open = max(server.most_open, server.open)
        server.closed.clear()
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _converse(server, answer, reader, writer)
        server.open -= 1
        if not server.open:
            server.closed.set()
        writer.close()

    if tls is not None:
        tls.sni_callback = lambda _sock, name, _context: server.asked_names.append(name)
    listener = await asyncio.start_server(serve, address, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _converse(
    server: HostileServer,
    answer: Answer,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    connection = server.connections
    while not writer.is_closing():
        seen = await _read_request(reader, connection)
        server.seen.append(seen)
        answering = asyncio.ensure_future(answer(seen, writer))
        leaving = asyncio.ensure_future(_wait_for_end(reader))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                return
            answering.result()
        finally:
            answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)


async def _wait_for_end(reader: asyncio.StreamReader) -> None:
    while not reader.at_eof():  # noqa: ASYNC110 - reading would eat the next request
        await asyncio.sleep(0.005)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = [line.split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    names = tuple(name for name, _ in pairs)
    return Seen(method, target, headers, names, body, connection)


def _response(body: bytes, status: int, headers: Mapping[str, str]) -> bytes:
    lines = {"Content-Type": "application/activity+json", "Content-Length": str(len(body))}
    lines |= headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} So\r\n{head}\r\n".encode() + body


class Authority:
    """A throw-away certificate authority in a folder."""

    def __init__(self, folder: Path, name: str = "Throw-away authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._build(
            *(self._name, self._key, x509.BasicConstraints(True, None)),
            issuer=(self._name, self._key),
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def serve_as(
        self, *names: str, lasts: timedelta = timedelta(days=1), self_signed: bool = False
    ) -> ssl.SSLContext:
        """Return a server's TLS context with a certificate for `names`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        issuer = (subject, key) if self_signed else (self._name, self._key)
        certificate = self._build(subject, key, alternatives, issuer=issuer, lasts=lasts)
        file = self._folder / f"{names[0]}.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _build(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        *,
        issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey],
        lasts: timedelta = timedelta(days=1),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + lasts)
            .add_extension(extension, critical=True)
            .sign(issuer[1], hashes.SHA256())
        )
