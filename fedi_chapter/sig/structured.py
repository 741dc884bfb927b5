"""Structured fields (RFC 8941): the one kind that signatures use, dictionaries.

Called by `digest` and `rfc9421`. What the members mean is theirs to know.
"""

from typing import NoReturn, cast

import http_sf

from fedi_chapter.core.errors import SignatureMalformed

Member = tuple[object, dict[str, object]]
"""A bare item, or a list of members, and its parameters."""


def dictionary(text: str) -> dict[str, Member]:
    """Parse a dictionary; a name that comes twice is refused rather than decided upon.

    Raises:
        SignatureMalformed: it is not a dictionary.

    """
    try:
        parsed = http_sf.parse(text.encode("latin-1"), tltype="dictionary", on_duplicate_key=_twice)
    except http_sf.StructuredFieldError as error:
        raise SignatureMalformed(f"a structured field can't be parsed: {error}") from error
    return cast("dict[str, Member]", parsed)


def serialise(member: Member) -> str:
    """Return the canonical text of a member (RFC 8941 §4.1)."""
    wrapped = cast("http_sf.StructuredType", {"a": member})
    return http_sf.ser(wrapped).removeprefix("a=")


def _twice(key: str, where: str) -> NoReturn:
    raise SignatureMalformed(f"the {where} has {key} twice")
