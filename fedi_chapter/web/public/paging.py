"""Which page of a long list is asked for. Used by the pages of events and posts."""

from starlette.requests import Request


def replies_page(request: Request) -> int:
    """Return the number of the page of replies, the first where none or nonsense is named."""
    text = request.query_params.get("replies", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 1
