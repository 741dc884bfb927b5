"""Where a server lets its people sign in elsewhere, and how its answers are read.

Called by the rest of this room. Servers are asked for their metadata (RFC 8414); those without,
such as Mastodon before 4.3, GoToSocial, Pleroma and Akkoma, have it all at the same addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fedi_chapter.core.errors import (
    BadDocument,
    MalformedActivity,
    RemoteBusy,
    RemoteRefused,
    Unreachable,
)
from fedi_chapter.core.names import ascii_address
from fedi_chapter.deps import Deps
from fedi_chapter.net.ask import Said
from fedi_chapter.vocab.shape import Document, parse

METADATA = "/.well-known/oauth-authorization-server"
NARROW, OLDER = "profile", "read:accounts"
"""What we ask to be allowed: to know who it is. The narrow word came with Mastodon 4.3."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one server, all at its own origin."""

    authorize: str
    token: str
    revoke: str
    register: str
    userinfo: str | None
    scope: str


async def endpoints(deps: Deps, issuer: str) -> Endpoints:
    """Return where the people of `issuer`, an origin without a trailing slash, sign in.

    Raises:
        Unreachable, RemoteBusy: the server does not answer now.
        BadDocument: it speaks for another server, or leads to one (ADM-10).

    """
    said = await deps.asker.ask(f"{issuer}{METADATA}")
    check_ready(said, issuer)
    found = read(said)
    # Pleroma answers any unknown address with the page of its web client.
    if said.status != 200 or "authorization_endpoint" not in found:
        found = {"issuer": issuer}
    if ascii_address(str(found.get("issuer"))).rstrip("/") != issuer:
        raise BadDocument(f"{issuer} speaks for {found.get('issuer')}")
    scopes = found.get("scopes_supported")
    return Endpoints(
        authorize=_at(issuer, found, "authorization_endpoint", "/oauth/authorize"),
        token=_at(issuer, found, "token_endpoint", "/oauth/token"),
        revoke=_at(issuer, found, "revocation_endpoint", "/oauth/revoke"),
        register=_at(issuer, found, "app_registration_endpoint", "/api/v1/apps"),
        userinfo=_at(issuer, found, "userinfo_endpoint", "") or None,
        scope=NARROW if isinstance(scopes, list) and NARROW in scopes else OLDER,
    )


def read(said: Said) -> Document:
    """Return the JSON object of an answer; whatever else was said is an empty one."""
    try:
        return parse(said.body)
    except MalformedActivity:
        return {}


def check_ready(said: Said, issuer: str) -> None:
    """Tell a server that is busy or broken from one that says no.

    Raises:
        RemoteBusy, Unreachable: it may answer later.

    """
    if said.status == 429:
        raise RemoteBusy(f"{issuer} asks for patience")
    if said.status >= 500:
        raise Unreachable(f"{issuer} answers {said.status}")


def word_of(document: Mapping[str, object], member: str, issuer: str) -> str:
    """Return a member that must be there, as text.

    Raises:
        RemoteRefused: it is not: the server did not do what was asked.

    """
    value = document.get(member)
    if not isinstance(value, str) or not value:
        raise RemoteRefused(f"{issuer} answers without {member}: {document.get('error')}")
    return value


def _at(issuer: str, found: Mapping[str, object], member: str, path: str) -> str:
    """Return an address of the metadata, or the usual one; both only at the issuer's origin."""
    usual = f"{issuer}{path}" if path else ""
    stated = found.get(member, usual)
    address = ascii_address(stated) if isinstance(stated, str) else None
    if address is not None and (address == "" or _is_plain(address, issuer)):
        return address
    raise BadDocument(f"{issuer} names {str(stated)[:200]} as its {member}")


def _is_plain(url: str, issuer: str) -> bool:
    path = url.removeprefix(f"{issuer}/")
    return path != url and path.isascii() and path.isprintable() and not set(path) & set(' ?#\\"')
