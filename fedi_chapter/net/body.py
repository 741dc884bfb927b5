"""Reading a response body without ever holding more than a limit of it.

Called by `fetch` with the raw chunks off the wire. What the bytes mean is the caller's.
"""

import zlib
from collections.abc import AsyncIterable

from fedi_chapter.core.errors import BadDocument, NoDocument

PLAIN = frozenset({"", "identity"})
"""What says that a body is not encoded."""
COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
"""zlib's own flag for telling the two apart by their header."""


async def read_bounded(chunks: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """Join `chunks`, inflated where `encoding` says so, stopping above `limit` bytes (SSRF-11).

    We ask for no compression; some servers compress all the same. The limit holds for the
    bytes on the wire and for the inflated ones, and is checked before they exist.

    Raises:
        BadDocument: too large, or an encoding we don't read.
        NoDocument: the compression is broken or ends early.

    """
    applied = [each for each in map(str.strip, encoding.split(",")) if each not in PLAIN]
    if not applied:
        return await _read_plain(chunks, limit)
    if len(applied) == 1 and applied[0] in COMPRESSED:
        return await _read_compressed(chunks, limit)
    raise BadDocument(f"the body has the encoding {encoding[:40]!r}, which was not asked for")


async def _read_plain(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        if len(body) + len(chunk) > limit:
            raise _too_large(limit)
        body += chunk
    return bytes(body)


async def _read_compressed(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    inflater = zlib.decompressobj(GZIP_OR_ZLIB)
    body = bytearray()
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        try:
            body += inflater.decompress(chunk, limit + 1 - len(body))
        except zlib.error as error:
            raise NoDocument("the body's compression is broken") from error
        if received > limit or len(body) > limit:
            raise _too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise NoDocument("the compressed body is cut off or goes on after its end")
    return bytes(body)


def _too_large(limit: int) -> BadDocument:
    return BadDocument(f"the body is larger than {limit} bytes")
