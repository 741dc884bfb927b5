"""Answers kept ready: public GETs are served from memory until the data may have changed.

An ASGI layer in front of the router. It keeps whole answers (headers and bytes) that carry
an ETag and may be kept, and drops them all when `Database.version` moves, so nobody is
ever shown an older state than the database's; and every half minute, because pages speak of
what is over and what comes next.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fedi_chapter.store.tx import Database
from fedi_chapter.web.language import is_for_one
from fedi_chapter.web.negotiate import is_known
from fedi_chapter.web.request_headers import Field, RequestHeaders, headers_of

Headers = list[tuple[bytes, bytes]]
ToldApart = Callable[[RequestHeaders], tuple[str, ...]]
Key = tuple[str | bytes, ...]
ROOM = 512
LONGEST = 30.0
"""Seconds an answer is kept at most."""
LARGEST = 256 << 10


@dataclass(frozen=True, slots=True)
class Kept:
    """One whole answer."""

    headers: Headers
    body: bytes
    etag: str


@dataclass(slots=True)
class _Recording:
    """An answer on its way out, copied while it passes."""

    send: Send
    start: Message | None = None
    chunks: list[bytes] = field(default_factory=list)
    whole: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.chunks.append(message.get("body", b""))
            self.whole = not message.get("more_body", False)
        await self.send(message)


class AnswerCache:
    """Serves repeated public GETs from memory while the data stay the same."""

    def __init__(self, app: ASGIApp, db: Database, told_apart: ToldApart) -> None:
        """Put the cache of `db`'s answers in front of `app`.

        `told_apart` reads from a request's headers all that an answer may hang on, with the
        functions that the routes use: askers for whom it differs never share one.
        """
        self.app = app
        self.db = db
        self.told_apart = told_apart
        self.version = -1
        self.since = 0.0
        self.kept: OrderedDict[Key, Kept] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or let the application answer and keep what it says."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        headers = headers_of(scope)
        if headers.is_ambiguous or is_for_one(headers):  # who is signed in sees their own
            await self.app(scope, receive, send)
            return
        version = self._current_version()
        key = (scope["path"], scope["query_string"], *self.told_apart(headers))
        kept = self.kept.get(key)
        if kept is not None:
            self.kept.move_to_end(key)
            await _serve(kept, headers.get(Field.IF_NONE_MATCH), scope["method"], send)
            return
        recording = _Recording(send)
        await self.app(scope, receive, recording)
        if scope["method"] == "GET":
            self._keep(key, version, recording)

    def _current_version(self) -> int:
        version, now = self.db.version(), asyncio.get_running_loop().time()
        if version != self.version or now - self.since > LONGEST:
            self.kept.clear()
            self.version, self.since = version, now
        return version

    def _keep(self, key: Key, version: int, recording: _Recording) -> None:
        start = recording.start
        if start is None or start["status"] != 200 or not recording.whole:
            return
        headers: Headers = [pair for pair in start["headers"] if pair[0] != b"x-request-id"]
        named = dict(headers)
        body = b"".join(recording.chunks)
        control = named.get(b"cache-control", b"")
        if (
            b"etag" not in named
            or b"set-cookie" in named
            or b"no-store" in control
            or named.get(b"content-type", b"").startswith(b"image/")  # it lies on the disk
            or len(body) > LARGEST
            or version != self.version
        ):
            return
        self.kept[key] = Kept(headers, body, named[b"etag"].decode())
        while len(self.kept) > ROOM:
            self.kept.popitem(last=False)


async def _serve(kept: Kept, known: str | None, method: str, send: Send) -> None:
    unchanged = known is not None and is_known(kept.etag, known)
    headers = kept.headers
    if unchanged:
        headers = [pair for pair in headers if pair[0] not in {b"content-length", b"content-type"}]
    await send(
        {"type": "http.response.start", "status": 304 if unchanged else 200, "headers": headers}
    )
    body = b"" if unchanged or method == "HEAD" else kept.body
    await send({"type": "http.response.body", "body": body})
