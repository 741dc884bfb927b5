"""Names of hosts: one spelling for each, also of international ones (IDNA, RFC 5891, UTS 46).

Called by whoever reads a host that a person typed or another server wrote. What may be connected
to is judged in `net.guard`, which is stricter.
"""

import idna


def ascii_host(text: str) -> str | None:
    """Return a host in lower case and plain ASCII, with its port where one was given.

    `münchen.de` and `xn--mnchen-3ya.de` are one. None for what is no name.
    """
    name, colon, port = text.partition(":")
    if colon and not (port.isascii() and port.isdigit()):
        return None
    try:
        ascii_name = idna.encode(name.rstrip("."), uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return None
    return f"{ascii_name}{colon}{port}"


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
