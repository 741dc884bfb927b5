"""The header fields of a request, each read in one way, by whoever reads them.

Called by every layer and route of `web`; no other file there reads a request's headers. A field
that came on several lines is their values joined by a comma (RFC 9110 §5.3). Signatures alone
are checked over the lines as they came, by `sig`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from starlette.types import Scope

_IN_SCOPE = "fedi_chapter.request_headers"


class Field(StrEnum):
    """The fields that are read here. What is in no list has no influence on an answer."""

    ACCEPT = "accept"
    ACCEPT_ENCODING = "accept-encoding"
    ACCEPT_LANGUAGE = "accept-language"
    CONTENT_ENCODING = "content-encoding"
    CONTENT_LENGTH = "content-length"
    CONTENT_TYPE = "content-type"
    COOKIE = "cookie"
    CSRF_WORD = "x-csrf-word"
    FORWARDED_FOR = "x-forwarded-for"
    HOST = "host"
    IF_MODIFIED_SINCE = "if-modified-since"
    IF_NONE_MATCH = "if-none-match"
    IF_RANGE = "if-range"
    ORIGIN = "origin"
    RANGE = "range"
    SEC_FETCH_SITE = "sec-fetch-site"
    SIGNATURE = "signature"
    SIGNATURE_INPUT = "signature-input"
    USER_AGENT = "user-agent"


_FIELDS = {each.value.encode(): each for each in Field}


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """What the fields of one request say."""

    values: Mapping[Field, str]
    is_ambiguous: bool
    """Whether one of the fields came on more than one line: programs differ in reading that."""

    def get(self, field: Field) -> str | None:
        """Return what a field says; None where it is missing."""
        return self.values.get(field)

    def text(self, field: Field) -> str:
        """Return what a field says; nothing where it is missing."""
        return self.values.get(field, "")


def read_headers(lines: Iterable[tuple[bytes, bytes]]) -> RequestHeaders:
    """Return the fields of header `lines`, whose names are in lower case."""
    values: dict[Field, str] = {}
    is_ambiguous = False
    for name, value in lines:
        field = _FIELDS.get(name)
        if field is None:
            continue
        text = value.decode("latin-1")
        if field in values:
            is_ambiguous = True
            text = f"{values[field]}, {text}"
        values[field] = text
    return RequestHeaders(values, is_ambiguous)


def headers_of(scope: Scope) -> RequestHeaders:
    """Return the fields of a request; they are read once, by the first who asks."""
    found: RequestHeaders | None = scope.get(_IN_SCOPE)
    if found is None:
        found = scope[_IN_SCOPE] = read_headers(scope["headers"])
    return found
