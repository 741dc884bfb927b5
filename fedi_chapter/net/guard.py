"""The guard at the dial: which URLs and which addresses we may connect to.

`client`, `fetch` and `post` ask it before anything is sent; forms that take a URL from an
organizer and readers that take one from a stranger ask `judge` as well. One strict parser
for all, because libraries and browsers disagree about odd URLs, and every disagreement is a
way in. No HTTP belongs here.
"""

import asyncio
import re
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote

import idna

from fedi_chapter.core.errors import Unreachable, UnsafeAddress
from fedi_chapter.net.addresses import is_private, is_public, read_address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

MAX_URL = 2048
MAX_HOST = 253
MAX_REMEMBERED = 4096
DNS_THREADS = 32
DEFAULT_PORTS = {"https": 443, "http": 80}
NEVER_DIALLED = frozenset({"onion", "i2p"})
LOCAL_NAMES = frozenset({"local", "localhost", "internal"})

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]+)(?P<path>[^#]*)(?:#.*)?", re.I)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^\[\]:@%]+)(?::(?P<port>[0-9]{1,5}))?", re.I)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SAFE = "/?:@!$&'()*+,;=%-._~"


@dataclass(frozen=True, slots=True)
class Target:
    """A judged URL: the only thing the clients connect to."""

    scheme: str
    host: str
    """Lower case ASCII; an IPv6 address without brackets."""
    port: int
    path: str
    """Path and query as they go on the wire; never empty, never with a fragment."""

    @property
    def authority(self) -> str:
        """Host and, where it isn't the scheme's own, port: the same over http and https."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme and authority."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The canonical spelling, without fragment."""
        return self.origin + self.path


class SystemResolver:
    """Asks the operating system, in threads of its own: a slow name must not hold up others."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(DNS_THREADS, thread_name_prefix="dns")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return every address of `host`, in the system's order.

        Raises:
            OSError: the name is unknown or can't be asked.

        """
        answers = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


class Guard:
    """Judges URLs and addresses.

    `allow_private` (demos and tests) adds http, every port, loopback, private networks and
    their names; all else stays forbidden. `remember` is how many seconds a name's judged
    addresses are kept; an unknown name is remembered as long.
    """

    def __init__(
        self, allow_private: bool, *, resolver: Resolver | None = None, remember: float = 60.0
    ) -> None:
        self._allow_private = allow_private
        self._resolver = resolver or SystemResolver()
        self._remember = remember
        self._names: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()

    def judge(self, url: str) -> Target:
        """Parse `url` strictly and refuse what we must not dial (SSRF-01 to 03, 07, 08, 15).

        Raises:
            UnsafeAddress: it is refused; the message says why.

        """
        return _judge(url, allow_private=self._allow_private)

    def judge_address(self, address: str) -> str:
        """Return the literal `address` if we may connect to it (SSRF-01, SSRF-02).

        Raises:
            UnsafeAddress: we may not.

        """
        return _judge_address(address, allow_private=self._allow_private)

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses to connect to for `host`; one bad answer refuses all (SSRF-04).

        Connect to these and ask nobody again: what a second answer would say is not judged.

        Raises:
            UnsafeAddress: an answer is not allowed.
            Unreachable: the name is unknown.

        """
        if read_address(host) is not None:
            return (self.judge_address(host),)
        now = asyncio.get_running_loop().time()
        until, addresses = self._names.get(host, (now, ()))
        if until <= now:
            addresses = await self._ask(host, port)
            self._names[host] = (now + self._remember, addresses)
            self._names.move_to_end(host)
            if len(self._names) > MAX_REMEMBERED:
                self._names.popitem(last=False)
        if not addresses:
            raise Unreachable(f"the name {host} is unknown")
        return addresses

    async def _ask(self, host: str, port: int) -> tuple[str, ...]:
        try:
            answers = await self._resolver(host, port)
        except (OSError, UnicodeError):
            return ()
        return tuple(self.judge_address(answer) for answer in answers)


def judge_link(url: str) -> Target:
    """Parse a link that others gave, as strictly as what is dialled: https to a public host.

    Raises:
        UnsafeAddress: it is refused; the message says why.

    """
    return _judge(url, allow_private=False)


def _judge(url: str, *, allow_private: bool) -> Target:
    target = _parse(url)
    address = read_address(target.host)
    if address is not None:
        _judge_address(target.host, allow_private=allow_private)
    elif target.host.rpartition(".")[2] in NEVER_DIALLED:
        raise UnsafeAddress(f"{target.host} is not on the internet")
    if not allow_private:
        _judge_public(target, is_literal=address is not None)
    return target


def _judge_address(address: str, *, allow_private: bool) -> str:
    known = read_address(address)
    if known is not None and (is_public(known) or (allow_private and is_private(known))):
        return address
    raise UnsafeAddress(f"{address} is not an address on the public internet")


def _judge_public(target: Target, *, is_literal: bool) -> None:
    if target.scheme != "https" or target.port != DEFAULT_PORTS["https"]:
        raise UnsafeAddress("only https on port 443 is used between servers")
    _, dot, last = target.host.rpartition(".")
    if not is_literal and (not dot or last in LOCAL_NAMES):
        raise UnsafeAddress(f"{target.host} is a name of a local network")


def _parse(url: str) -> Target:
    # isprintable refuses controls, line and paragraph separators, format characters (zero
    # width, bidi), every space but the ASCII one, and lone surrogates.
    if len(url) > MAX_URL or not url.isprintable() or " " in url or "\\" in url:
        raise UnsafeAddress("the URL is too long or has characters that no URL may have")
    match = _URL.fullmatch(url)
    authority = _AUTHORITY.fullmatch(match["authority"]) if match else None
    if match is None or authority is None:
        raise UnsafeAddress("only http and https URLs with a plain host are used")
    scheme = match["scheme"].lower()
    port = int(authority["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port < 1 << 16:
        raise UnsafeAddress("the URL has an impossible port")
    return Target(scheme, _read_host(authority["host"].lower()), port, _read_path(match["path"]))


def _read_host(host: str) -> str:
    if host.startswith("["):
        address = read_address(host[1:-1])
        if address is None or address.version != 6:
            raise UnsafeAddress(f"{host} is not an IPv6 address")
        return str(address)
    name = _to_ascii(host)
    labels = name.split(".")
    if len(name) > MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnsafeAddress(f"{name[:80]} is not a host name")
    # A name whose last label is a number is an IPv4 address to some resolvers, so it has
    # to be one in the only spelling that all of them read alike (SSRF-03).
    if _NUMBER.fullmatch(labels[-1]) and read_address(name) is None:
        raise UnsafeAddress(f"{name} is an odd spelling of an address")
    return name


def _to_ascii(host: str) -> str:
    if host.isascii() and "xn--" not in host:
        return host
    if len(host) > MAX_HOST:
        raise UnsafeAddress(f"{host[:80]!r} is too long for a name")
    try:
        # Strict: only the ASCII dot divides, and nothing is mapped, so full-width digits and
        # ideographic dots are refused instead of read as something else.
        return idna.encode(host, strict=True).decode("ascii")
    except UnicodeError as error:  # idna.IDNAError is one
        raise UnsafeAddress(f"{host[:80]!r} is not a valid international name") from error


def _read_path(text: str) -> str:
    # Whatever a client library would rewrite is rewritten or refused here, so that what we
    # sign is what goes on the wire.
    if _BROKEN_ESCAPE.search(text):
        raise UnsafeAddress("the URL has a broken percent escape")
    path, _, query = text.partition("?")
    if not {".", ".."}.isdisjoint(path.split("/")):
        raise UnsafeAddress("the URL climbs in its path")
    return quote((path or "/") + (f"?{query}" if query else ""), safe=_PATH_SAFE)
