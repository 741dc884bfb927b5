"""A number of its own for every form of a page that is otherwise the same for everybody.

An ASGI layer in front of the answers kept in memory. `web.templating` leaves a place for the
number; here each visitor gets another one, so that a form sent twice by a double click can be
told from the forms of two people (`web.members.answers`).
"""

import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLACE = "here-stands-the-number-of-a-form"
"""Stands in a page for the number; as long as one, so that the page keeps its length."""
_PLACE = PLACE.encode()
_BYTES = 16


class FormNumbers:
    """Writes a new number into every form that has a place for one."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, whose pages have places for numbers."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with its number."""
        is_page = False

        async def numbered(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                is_page = (b"content-type", b"text/html; charset=utf-8") in message["headers"]
            elif is_page and _PLACE in (body := message.get("body", b"")):
                number = secrets.token_hex(_BYTES).encode()
                message = {**message, "body": body.replace(_PLACE, number)}
            await send(message)

        await self.app(scope, receive, numbered if scope["type"] == "http" else send)
