"""Asking another server who a handle is: WebFinger (RFC 7033), read and nothing more.

Called by `federation.discover`. What an answer is worth, and whether the actor it names agrees,
is judged there.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from fedi_chapter.core.errors import MalformedActivity, NoDocument, UnknownHandle, Unreachable
from fedi_chapter.core.names import ascii_host
from fedi_chapter.deps import Deps
from fedi_chapter.net.fetch import Budget, Fetched
from fedi_chapter.vocab.shape import Document, id_of, mappings, parse
from fedi_chapter.vocab.terms import AS

ACCEPT = "application/jrd+json, application/json"
DEADLINE = 5.0

_HANDLE = re.compile(r"@?([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)@([^@/\\?#\s]{1,255})")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Handle:
    """`name@host`; the host in lower case and plain ASCII, with its port where one was given."""

    name: str
    host: str

    def __str__(self) -> str:
        return f"{self.name}@{self.host}"

    def same_as(self, other: "Handle") -> bool:
        """Tell whether both name one account: names differ in more than their case."""
        return (self.name.lower(), self.host) == (other.name.lower(), other.host)


@dataclass(frozen=True, slots=True)
class Jrd:
    """What a server answered about a handle."""

    subject: Handle | None
    actor: str | None
    """The ActivityPub id behind the handle."""
    templates: dict[str, str]
    """Addresses with a placeholder, by the relation they serve."""


def read_handle(text: str) -> Handle:
    """Read `@name@host` or `name@host`.

    Raises:
        UnknownHandle: it is not a handle; with the cure.

    """
    match = _HANDLE.fullmatch(text.strip())
    host = None if match is None else ascii_host(match[2])
    if match is None or host is None:
        raise UnknownHandle(
            f"{text[:100]!r} is not a handle", cure="write it like @name@server.example"
        )
    return Handle(match[1], host)


async def ask(deps: Deps, handle: Handle, budget: Budget) -> Jrd:
    """Ask the host of `handle` about it.

    Raises:
        RemoteFailure: what the fetcher raises; NoDocument for an answer that is none.

    """
    resource = quote(f"acct:{handle}", safe="")
    path = f"/.well-known/webfinger?resource={resource}"
    fetched = await from_host(deps, handle.host, path, accept=ACCEPT, budget=budget)
    try:
        document = parse(fetched.body.removeprefix(_BOM))
    except MalformedActivity as error:
        raise NoDocument(f"{handle.host} answers with {error.message}") from error
    return _read(document)


async def from_host(deps: Deps, host: str, path: str, *, accept: str, budget: Budget) -> Fetched:
    """GET a well-known `path` of `host`: over https, and only under the danger switch over http.

    Raises what the fetcher raises.
    """
    if deps.settings.danger_allow_private_network:
        try:
            return await _get(deps, f"http://{host}{path}", accept, budget)
        except Unreachable:  # a server on this machine may speak TLS all the same
            return await _get(deps, f"https://{host}{path}", accept, budget)
    return await _get(deps, f"https://{host}{path}", accept, budget)


async def _get(deps: Deps, url: str, accept: str, budget: Budget) -> Fetched:
    return await deps.fetcher.get(url, accept=accept, deadline=DEADLINE, budget=budget)


def _read(document: Document) -> Jrd:
    links = mappings(document.get("links"))
    named = (id_of(link.get("href")) for link in links if _is_actor(link))
    actor = next((uri for uri in named if uri), None)
    templates = {
        str(link["rel"]): link["template"]
        for link in reversed(links)
        if isinstance(link.get("template"), str) and "rel" in link
    }
    return Jrd(_subject(document.get("subject")), actor, templates)  # type: ignore[arg-type]


def _is_actor(link: Document) -> bool:
    """Tell whether a link leads to the actor; its media type may be spelled in any way."""
    stated = link.get("type")
    media_type, _, parameters = (stated if isinstance(stated, str) else "").partition(";")
    kind = media_type.strip().lower()
    is_activity = kind == "application/activity+json"
    is_ld = kind == "application/ld+json" and AS in parameters
    return link.get("rel") == "self" and (is_activity or is_ld)


def _subject(value: object) -> Handle | None:
    if not isinstance(value, str):
        return None
    scheme, colon, rest = value.partition(":")
    try:
        return read_handle(rest if colon and scheme.lower() == "acct" else value)
    except UnknownHandle:
        return None
