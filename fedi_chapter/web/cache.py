"""Answers kept ready: public GETs are served from memory until the data may have changed.

An ASGI layer in front of the router. It keeps whole answers (headers and bytes) that carry
an ETag and may be kept, and drops them all when `Database.version` moves, so nobody is
ever shown an older state than the database's; and every half minute, because pages speak of
what is over and what comes next.

These answers, and no others, are compressed: they are the same for everybody, so no secret can
be guessed from how short they become beside words that others chose (BREACH). A page whose
forms carry numbers is sent as it is.
"""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fedi_chapter.store.tx import Database
from fedi_chapter.web.form_numbers import PLACE
from fedi_chapter.web.language import is_for_one
from fedi_chapter.web.negotiate import is_unchanged, takes_gzip
from fedi_chapter.web.request_headers import RequestHeaders, headers_of

Headers = list[tuple[bytes, bytes]]
ToldApart = Callable[[RequestHeaders], tuple[str, ...]]
Key = tuple[str | bytes, ...]
ROOM = 512
LONGEST = 30.0
"""Seconds an answer is kept at most."""
LARGEST = 256 << 10


SMALLEST = 600
"""Bytes of an answer that is worth compressing."""
LEVEL = 4
_TEXTS = (b"text/", b"application/")
"""How the types of what can be made shorter begin; pictures are short already."""


@dataclass(slots=True)
class Kept:
    """One whole answer, and the same made shorter once somebody has asked for it."""

    headers: Headers
    body: bytes
    etag: str
    packed: bytes = b""
    can_be_packed: bool = field(init=False)
    """Whether it is worth compressing, and the same for everybody to the last letter."""

    def __post_init__(self) -> None:
        """Look once whether it can be compressed; it is served many times."""
        is_text = dict(self.headers).get(b"content-type", b"").startswith(_TEXTS)
        is_same = PLACE.encode() not in self.body
        self.can_be_packed = is_text and len(self.body) >= SMALLEST and is_same

    async def pack(self) -> None:
        """Compress it, if that has not been done; beside the loop, which has others to serve."""
        if not self.packed:
            self.packed = await asyncio.to_thread(gzip.compress, self.body, LEVEL, mtime=0)


@dataclass(slots=True)
class _Recording:
    """An answer on its way out: held back if it is for everybody, else passed on."""

    send: Send
    start: Message | None = None
    is_held: bool = False
    is_whole: bool = False
    chunks: list[bytes] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            self.is_held = _is_for_everyone(message)
        elif message["type"] == "http.response.body" and self.is_held:
            self.chunks.append(message.get("body", b""))
            self.is_whole = not message.get("more_body", False)
        if not self.is_held:
            await self.send(message)

    def answer(self) -> Kept | None:
        """Return what was held back."""
        if self.start is None or not self.is_whole:
            return None
        headers: Headers = list(self.start["headers"])
        return Kept(headers, b"".join(self.chunks), dict(headers)[b"etag"].decode())


def _is_for_everyone(start: Message) -> bool:
    named = dict(start["headers"])
    return (
        start["status"] == 200
        and b"etag" in named
        and b"set-cookie" not in named
        and b"no-store" not in named.get(b"cache-control", b"")
        and not named.get(b"content-type", b"").startswith(b"image/")  # it lies on the disk
        and int(named.get(b"content-length", LARGEST + 1)) <= LARGEST
    )


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
        if headers.is_ambiguous:
            await self.app(scope, receive, _kept_by_nobody(send))
            return
        if is_for_one(headers):  # who is signed in sees their own
            await self.app(scope, receive, send)
            return
        version = self._current_version()
        key = (scope["path"], scope["query_string"], *self.told_apart(headers))
        kept = self.kept.get(key)
        if kept is not None:
            self.kept.move_to_end(key)
            await _serve(kept, headers, scope["method"], send)
        elif scope["method"] == "HEAD":
            await self.app(scope, receive, send)
        else:
            recording = _Recording(send)
            await self.app(scope, receive, recording)
            if (fresh := recording.answer()) is not None:
                await _serve(fresh, headers, scope["method"], send)
                self._keep(key, version, fresh)

    def _current_version(self) -> int:
        version, now = self.db.version(), asyncio.get_running_loop().time()
        if version != self.version or now - self.since > LONGEST:
            self.kept.clear()
            self.version, self.since = version, now
        return version

    def _keep(self, key: Key, version: int, fresh: Kept) -> None:
        if version != self.version:
            return
        fresh.headers = [pair for pair in fresh.headers if pair[0] != b"x-request-id"]
        self.kept[key] = fresh
        while len(self.kept) > ROOM:
            self.kept.popitem(last=False)


def _kept_by_nobody(send: Send) -> Send:
    """Return a `send` that tells all on the way to keep nothing: they may have read otherwise."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            others = [pair for pair in message["headers"] if pair[0] != b"cache-control"]
            message = {**message, "headers": [*others, (b"cache-control", b"no-store")]}
        await send(message)

    return telling


async def _serve(kept: Kept, asked: RequestHeaders, method: str, send: Send) -> None:
    modified = dict(kept.headers).get(b"last-modified")
    unchanged = is_unchanged(asked, kept.etag, modified.decode() if modified else None)
    headers, body = kept.headers, kept.body
    if kept.can_be_packed:
        named = dict(headers)
        named[b"vary"] = b", ".join(filter(None, (named.get(b"vary"), b"Accept-Encoding")))
        if takes_gzip(asked) and not unchanged:
            await kept.pack()
            body = kept.packed
            # Other bytes of the same meaning: a weak validator (RFC 9110 §8.8.1).
            named[b"etag"] = b"W/" + named[b"etag"]
            named[b"content-length"] = b"%d" % len(body)
            named[b"content-encoding"] = b"gzip"
        headers = list(named.items())
    if unchanged:
        headers = [pair for pair in headers if pair[0] not in {b"content-length", b"content-type"}]
    await send(
        {"type": "http.response.start", "status": 304 if unchanged else 200, "headers": headers}
    )
    await send(
        {"type": "http.response.body", "body": b"" if unchanged or method == "HEAD" else body}
    )
