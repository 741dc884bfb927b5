"""What happens to every request before a route sees it, and to every answer after.

Plain ASGI layers, put around the router by `app` in the order `stack` gives. They know
bytes and headers; nothing here reads a document or the database.
"""

import logging
import random
import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from time import perf_counter

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fedi_chapter.core.errors import Missing, TooLarge
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.urls import without_key
from fedi_chapter.web import errors
from fedi_chapter.web.errors import Problem, problem_json, problem_of
from fedi_chapter.web.form_numbers import FormNumbers
from fedi_chapter.web.request_headers import Field, headers_of

LARGEST_BODY = 1 << 20
ADDRESSES = 4096
"""Addresses whose reading is remembered."""
LONGEST_PATH = 300
"""Characters of a path that are logged."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
ACCEPTED = 202
CHECKS = frozenset({"/healthz", "/readyz"})
"""Asked by machines that know only our address, not our name."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_log = get_logger(__name__)

Networks = Sequence[IPv4Network | IPv6Network]


def stack(deps: Deps, *from_memory: Middleware) -> list[Middleware]:
    """Return the layers, the outermost first.

    `from_memory` answers in front of the log: what is served from memory is no unit of work,
    and a line for each would cost more than serving it.
    """
    secure = deps.urls.base.startswith("https://")
    return [
        Middleware(SecurityHeaders, secure=secure),
        Middleware(HostCheck, host=deps.urls.host),
        Middleware(FormNumbers),
        *from_memory,
        Middleware(AccessLog, deps=deps),
        Middleware(BodyLimit),
    ]


class SecurityHeaders:
    """Adds the headers that keep a page ours; a route may set a stricter one itself."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """Wrap `app`; `secure` when people reach it by https."""
        self.app = app
        self.headers = (*_HEADERS, _HSTS) if secure else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                added = [pair for pair in self.headers if pair[0] not in given]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class AccessLog:
    """Names each request, finds who really asks, logs one line, and answers what nobody caught."""

    def __init__(self, app: ASGIApp, *, deps: Deps) -> None:
        """Wrap `app`, using the clock, ids and settings of `deps`."""
        self.app = app
        self.deps = deps
        # Not asked of the system each time: every such question lets go of the interpreter's
        # lock, and under load winning it back costs more than the answer. Names are no secrets.
        self.random = random.Random()  # noqa: S311
        self.has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), 0
        name = f"{self.random.getrandbits(96):024x}"
        self._warn_of_a_proxy(scope)
        scope["client"] = (client_address(scope, self.deps.settings.trusted_proxies), 0)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = [*message["headers"], (b"x-request-id", name.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:  # the last line: the server must answer, and the log must know
            response = await errors.unexpected(Request(scope, receive), error)
            if status == 0:
                await response(scope, receive, noting)
        finally:
            # An activity that was let in has its line when it is understood.
            level = logging.DEBUG if status == ACCEPTED else logging.INFO
            if _log.is_enabled_for(level):
                _log.log(
                    level,
                    "request",
                    request=name,
                    method=scope["method"],
                    path=without_key(scope["path"])[:LONGEST_PATH],
                    status=status,
                    client=scope["client"][0],
                    ms=round((perf_counter() - began) * 1000, 1),
                )

    def _warn_of_a_proxy(self, scope: Scope) -> None:
        """Say once that visitors can't be told apart: a proxy here names them, and is not trusted.

        Who answers an event without an account is counted by network, so all would be one.
        """
        if self.has_warned or self.deps.settings.trusted_proxies:
            return
        peer: str = scope["client"][0] if scope.get("client") else ""
        if _is_loopback(peer) and headers_of(scope).get(Field.FORWARDED_FOR):
            self.has_warned = True
            cure = f"set FEDI_CHAPTER_TRUSTED_PROXIES={peer}, or all visitors look like one"
            _log.warning("proxy not trusted", proxy=peer, cure=cure)


class HostCheck:
    """Answers only to our own name, said once, and to no address that no name can hold.

    PostgreSQL takes no NUL, and the router reads over a line break (ADM-06, SIG-23, INJ-05).
    """

    def __init__(self, app: ASGIApp, *, host: str) -> None:
        """Wrap `app`, which is reached as `host` (with its port where not the default)."""
        self.app = app
        self.names = _names(host.lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        checked = scope["type"] == "http" and scope["path"] not in CHECKS
        # A name that came twice is a list of names, and none of ours.
        if checked and headers_of(scope).text(Field.HOST).lower() not in self.names:
            await _OTHER_NAME(scope, receive, send)
            return
        if not scope.get("path", "").isprintable():
            await _NO_ADDRESS(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _names(host: str) -> frozenset[str]:
    """Return how `host` may be called; a server on this machine only, by any of its names."""
    found = re.fullmatch(r"(.*?)(:[0-9]+)?", host)
    name, port = (found[1], found[2]) if found else (host, None)
    names = LOOPBACK if name in LOOPBACK else frozenset({name})
    ports = (port,) if port else ("", ":443", ":80")
    return frozenset(each + ending for each in names for ending in ports)


class BodyLimit:
    """Takes at most 1 MiB, announced or streamed, and no two lengths (JSON-05, SIG-23)."""

    def __init__(self, app: ASGIApp, *, limit: int = LARGEST_BODY) -> None:
        """Wrap `app`; `limit` in bytes."""
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what comes in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = headers_of(scope).get(Field.CONTENT_LENGTH)
        # One that came twice is a list of numbers, and none.
        if length is not None and not (length.isascii() and length.isdigit()):
            await _NO_LENGTH(scope, receive, send)
            return
        if length is not None and (len(length) > 10 or int(length) > self.limit):
            await _TOO_LARGE(scope, receive, send)
            return
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.limit:
                raise TooLarge
            return message

        await self.app(scope, counting, send)


def client_address(scope: Scope, trusted: Networks) -> str:
    """Return who asks: the nearest hop that is not one of our own proxies (ADM-07)."""
    nearest: str = scope["client"][0] if scope.get("client") else ""
    nearest = _address(nearest) or nearest
    if not trusted:
        return nearest
    hops = headers_of(scope).text(Field.FORWARDED_FOR)
    for hop in reversed(hops.split(",")):
        address = _address(hop)
        if not _is_trusted(nearest, trusted) or not address:
            break
        nearest = address
    return nearest


@lru_cache(maxsize=ADDRESSES)
def _address(hop: str) -> str:
    """Return the address in one hop, of IPv4 as such where it came wrapped in IPv6; else nothing.

    Else all of IPv4 were one network to whoever counts by network.
    """
    text = hop.strip()
    if text.startswith("["):  # an IPv6 address in brackets, perhaps with a port
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    return str((address.version == 6 and address.ipv4_mapped) or address)


def _is_loopback(text: str) -> bool:
    address = _address(text)
    return bool(address) and ip_address(address).is_loopback


def _is_trusted(text: str, trusted: Networks) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in trusted)


def _refusal(problem: Problem) -> Response:
    """Return the one answer to what no route may see; the rest of the request is not read."""
    response = problem_json(problem)
    response.headers["connection"] = "close"
    return response


_OTHER_NAME = _refusal(
    Problem("wrong-host", 400, "Bad Request", "This server does not answer to that name.")
)
_NO_ADDRESS = _refusal(problem_of(Missing()))
_NO_LENGTH = _refusal(
    Problem("wrong-length", 400, "Bad Request", "The length of the body is not clear.")
)
_TOO_LARGE = _refusal(problem_of(TooLarge()))
