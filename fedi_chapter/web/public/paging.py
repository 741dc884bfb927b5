"""Which page of a long list is asked for. Used by the pages of events and posts."""

from starlette.requests import Request

from fedi_chapter.core.numbers import whole_number

MOST = 999


def replies_page(request: Request) -> int:
    """Return the number of the page of replies, the first where none or nonsense is named."""
    return whole_number(request.query_params.get("replies", ""), MOST) or 1
