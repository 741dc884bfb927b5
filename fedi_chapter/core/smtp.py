"""A mail server's address as an operator writes it: `smtp[s]://user:password@host:port?from=…`.

Called by the settings; used by `net.mail`. Nothing is connected to here.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from fedi_chapter.core.names import ascii_host, ascii_mail_address

SHAPE = "smtp://user:password@mail.example.org:587?from=events@example.org"
_UNREADABLE = (
    f"it names a host and nothing behind it but ?from=…, such as {SHAPE} "
    "(write @ : / ? # and % in a password as %40 %3A %2F %3F %23 %25)"
)
_PORTS = {"smtp": 587, "smtps": 465}
_ADDRESS = re.compile(r"[^\s@<>(),;:\"\\\x00-\x1f\x7f]{1,64}@[^\s@<>(),;:\"\\\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes out, and in whose name."""

    host: str
    port: int
    sender: str
    """The mail address in From."""
    is_tls: bool
    """TLS from the first byte (smtps)."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_here(self) -> bool:
        """Tell whether it runs on this machine, where nobody listens on the line."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def needs_tls(self) -> bool:
        """Tell whether a password would travel, which it must not do in the clear."""
        return self.user is not None and not self.is_here


def is_mail_address(text: str) -> bool:
    """Tell whether `text` is one bare mail address (ASCII), fit to stand in a header line."""
    return text.isascii() and _ADDRESS.fullmatch(text) is not None


def parse_smtp_url(url: str) -> SmtpServer:
    """Return the server `url` names. What is wrong is said without the secret in it.

    Raises:
        ValueError: with what is wrong and how it is written.

    """
    parts, port = _split(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"it begins with smtp:// or smtps://, such as {SHAPE}")
    host = _host(parts)
    if not host or parts.path not in ("", "/") or parts.fragment:
        raise ValueError(_UNREADABLE)
    if (parts.username is None) != (parts.password is None):
        raise ValueError(f"a user needs a password, and a password a user, such as {SHAPE}")
    options = dict(parse_qsl(parts.query))
    sender = ascii_mail_address(options.pop("from", ""))
    if options or not is_mail_address(sender):
        raise ValueError(f"it ends in ?from= and one mail address, such as {SHAPE}")
    return SmtpServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        sender=sender,
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username is not None else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )


def _host(parts: SplitResult) -> str | None:
    """Return the host in plain ASCII; a bare address as it stands."""
    name = parts.hostname
    return name if name is None or name.isascii() else ascii_host(name)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:  # its own words may hold half a password
        raise ValueError(_UNREADABLE) from None
