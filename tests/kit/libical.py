"""libical, which many calendar programs read with: what it finds wrong in a file.

The library of the system (Debian: libical3) is called as it is; where there is none, tests that
need it are skipped.
"""

import ctypes
from ctypes.util import find_library
from functools import cache

import pytest

_POINTER, _TEXT, _NUMBER = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_CALLS = {
    "icalparser_parse_string": (_POINTER, _TEXT),
    "icalcomponent_count_errors": (_NUMBER, _POINTER),
    "icalrestriction_check": (_NUMBER, _POINTER),
    "icalcomponent_as_ical_string": (_TEXT, _POINTER),
    "icalcomponent_free": (None, _POINTER),
}


@cache
def _library() -> ctypes.CDLL | None:
    name = find_library("ical")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    for call, (result, argument) in _CALLS.items():
        function = getattr(library, call)
        function.restype, function.argtypes = result, [argument]
    return library


def complaints(file: bytes) -> list[str]:
    """Return what libical does not take: of the grammar, and of the restrictions of RFC 5546."""
    library = _library()
    if library is None:
        pytest.skip("libical is not installed")
    component = library.icalparser_parse_string(file)
    if component is None:
        return ["it is no calendar"]
    try:
        library.icalrestriction_check(component)
        read = library.icalcomponent_as_ical_string(component).decode().replace("\r\n ", "")
    finally:
        library.icalcomponent_free(component)
    return [line for line in read.splitlines() if line.startswith("X-LIC-ERROR")]
