"""The TLS context of outgoing connections.

Called by the composition root, for `client` and `mail`; making one costs tens of milliseconds.
Serving TLS is the reverse proxy's work, not ours.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path

import certifi

from fedi_chapter.core.errors import SettingsInvalid

HTTP = ("http/1.1",)


def context(extra_ca: Path | None, *, speaks: Sequence[str] = HTTP) -> ssl.SSLContext:
    """Make a verifying client context: the bundled authorities, and those in `extra_ca` (PEM).

    `speaks` is what is offered as the protocol inside (ALPN).

    Built by hand: the library's default context obeys SSL_CERT_FILE and SSLKEYLOGFILE, and
    nothing in the environment may change whom we trust (SSRF-09).

    Raises:
        SettingsInvalid: `extra_ca` holds no readable certificate.

    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(speaks)
    made.load_verify_locations(cafile=certifi.where())
    if extra_ca is not None:
        try:
            made.load_verify_locations(cafile=extra_ca)
        except OSError as error:  # ssl.SSLError is one, too
            raise SettingsInvalid(
                f"the certificate authorities in {extra_ca} can't be read: {error}",
                cure="point EXTRA_CA_FILE at a file of PEM certificates, or unset it",
            ) from error
    return made
