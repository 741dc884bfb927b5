"""Names of hosts: one spelling for each, also of international ones (IDNA, RFC 5891, UTS 46).

Called by whoever reads a host that a person typed or another server wrote. What may be connected
to is judged in `net.guard`, which is stricter.
"""

import re

import idna

LONGEST_NAME = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def ascii_host(text: str) -> str | None:
    """Return a host in lower case and plain ASCII, with its port where one was given.

    `münchen.de` and `xn--mnchen-3ya.de` are one. A name in letters of ASCII alone is for DNS to
    know: IDNA refuses some that there are, such as `s3--a.example`. None for what is no name.
    """
    name, colon, port = text.partition(":")
    if colon and not (port.isascii() and port.isdigit()):
        return None
    name = name.rstrip(".").lower()
    if not name.isascii() or "xn--" in name:
        try:
            name = idna.encode(name, uts46=True).decode("ascii").lower()
        except idna.IDNAError:
            return None
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        return None
    return f"{name}{colon}{port}"


def ascii_mail_address(text: str) -> str:
    """Return a mail address with its domain in plain ASCII; one whose domain is none unchanged.

    What stands before the `@` is its server's to understand, and stays as it is.
    """
    user, at, domain = text.rpartition("@")
    host = None if domain.isascii() else ascii_host(domain)
    return f"{user}{at}{host}" if host else text


def ascii_address(url: str) -> str:
    """Return an http(s) address with its host in plain ASCII; anything else unchanged."""
    scheme, slashes, rest = url.partition("://")
    if not slashes or rest.isascii():
        return url
    end = next((at for at, letter in enumerate(rest) if letter in "/?#"), len(rest))
    host = ascii_host(rest[:end])
    return f"{scheme}://{host}{rest[end:]}" if host else url
