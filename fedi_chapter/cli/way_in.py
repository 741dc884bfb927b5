"""What `doctor` says of the way in: each cause that keeps others out, with the one cure for it."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from fedi_chapter.cli.finding import Finding
from fedi_chapter.core.errors import ChapterError, UnsafeAddress
from fedi_chapter.deps import Deps
from fedi_chapter.net.addresses import is_public, read_address
from fedi_chapter.net.guard import Guard

SELF_SIGNED = frozenset({18, 19})
EXPIRED, OTHER_NAME = 10, 62
NO_ISSUER = frozenset({2, 20, 21})
"""Of OpenSSL's verification errors (X509_V_ERR_…), those that have a cure of their own."""
CERTIFICATES = {
    **dict.fromkeys(
        SELF_SIGNED,
        (
            "its certificate is self-signed, and no other server trusts it",
            "get one from an authority such as Let's Encrypt; Caddy does so by itself",
        ),
    ),
    EXPIRED: ("its certificate has expired", "renew the certificate, and reload the proxy"),
    OTHER_NAME: (
        "its certificate is for another name",
        "get a certificate for this name, and see that the proxy serves that one here",
    ),
    **dict.fromkeys(
        NO_ISSUER,
        (
            "its certificate comes without those that prove it, or from an unknown authority",
            "serve the whole chain (fullchain.pem), not the certificate alone",
        ),
    ),
}
GATEWAY = frozenset({502, 503, 504})


def check_address(base_url: str) -> list[Finding]:
    """Judge the public address itself: some can never be reached by another server."""
    try:
        Guard(allow_private=False).judge(f"{base_url}/")
    except UnsafeAddress as error:
        return [
            Finding.bad(
                "address",
                f"no other server can talk to {base_url}: {error.message}",
                "for a chapter to look around in set FEDI_CHAPTER_DANGER_ALLOW_PRIVATE_NETWORK=1; "
                "found a real one under a public name, with https and without a port",
            )
        ]
    return []


async def check_name(host: str, *, private_too: bool) -> Finding:
    """Look a name up as this machine does, and judge where it leads."""
    check = f"DNS of {host}"
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return Finding.bad(
            check, f"the name is not known: {error.strerror}", "add an A or AAAA record"
        )
    addresses = sorted({str(each[4][0]) for each in found})
    inner = [each for each in addresses if not _is_public(each)]
    if inner and not private_too:
        return Finding.bad(
            check,
            f"it leads to {', '.join(inner)}, which nobody outside can reach",
            "point its A or AAAA record to the server's public address; "
            f"if the record is right, take {host} out of /etc/hosts on this machine",
        )
    return Finding.good(check, ", ".join(addresses))


async def check_reached(deps: Deps) -> Finding:
    """Ask for `/healthz` as another server would."""
    url = f"{deps.urls.base}/healthz"
    try:
        said = await deps.asker.ask(url)
    except ChapterError as error:
        cause, cure = _of_connection(error, urlsplit(url).port or 443)
        return Finding.bad("server", f"{url} does not answer: {cause}", cure)
    if said.status in GATEWAY:
        return Finding.bad(
            "server",
            f"the proxy at {deps.urls.base} answers {said.status}: it reaches no chapter",
            "start `fedi-chapter run`, and let the proxy pass to the port it listens on",
        )
    if said.status != 200:
        return Finding.bad(
            "server",
            f"{url} answers {said.status}: something else answers under this name",
            f"let the proxy pass everything for {deps.urls.host} to the chapter",
        )
    return Finding.good("server")


def _is_public(text: str) -> bool:
    address = read_address(text)
    return address is not None and is_public(address)


def _of_connection(error: BaseException, port: int) -> tuple[str, str]:
    """Return why a connection failed, and what helps."""
    for each in _chain(error):
        match each:
            case ssl.SSLCertVerificationError():
                unknown = f"its certificate is not accepted: {each.verify_message}"
                usual = "get one from an authority such as Let's Encrypt"
                return CERTIFICATES.get(each.verify_code, (unknown, usual))
            case ssl.SSLError():
                return (
                    f"what listens on port {port} speaks no TLS",
                    f"let the proxy speak TLS on port {port}, or give `run` --tls-cert, --tls-key",
                )
            case ConnectionRefusedError():
                return (
                    f"nothing listens on port {port}",
                    f"start the proxy, and let it listen on port {port}",
                )
            case TimeoutError():
                return (
                    f"nothing comes back from port {port}",
                    f"open port {port} in the firewall of the server and of its provider",
                )
    return str(error), "check the proxy and the firewall"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Return an error, and those that it came from; some keep the system's in an attribute."""
    while error is not None:
        for each in (getattr(error, "certificate_error", None), error):
            if isinstance(each, BaseException):
                yield each
        error = error.__cause__ or error.__context__
