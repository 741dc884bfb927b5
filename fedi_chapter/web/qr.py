"""An address as a QR code, to be scanned from paper or from a screen."""

from functools import lru_cache

import segno
from markupsafe import Markup


@lru_cache(maxsize=256)
def qr_code(url: str) -> Markup:
    """Return an address of ours as a drawing, dark on light in any theme."""
    code = segno.make(url, error="m", micro=False)
    svg = code.svg_inline(border=4, dark="#000", light="#fff", svgclass="qr", omitsize=True)
    return Markup(svg)  # noqa: S704 — drawn by a library from an address of ours
