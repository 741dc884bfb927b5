"""A form that came while the database could not even be read: given back as it was sent.

The page is made of nothing but what was typed, for whoever the sender is can't be known now.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import Busy
from fedi_chapter.web.errors import ask_again_later, problem_of
from fedi_chapter.web.private import ours
from fedi_chapter.web.templating import Chapterless, render


@dataclass(frozen=True, slots=True)
class KeptForm:
    """What stood in the form."""

    site: Chapterless
    name: str
    email: str
    guests: str
    answer: str


def kept_form(
    request: Request, busy: Busy, *, name: str, email: str, guests: str, answer: str
) -> Response:
    """Return the answer to an event once more, to be sent to the same address again."""
    page = KeptForm(Chapterless(), name, email, guests, answer)
    response = render(request, "members/kept.html", page, status=busy.status, keep=False)
    return ask_again_later(ours(response), problem_of(busy))
