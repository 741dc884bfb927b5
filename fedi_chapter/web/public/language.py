"""The switch of languages: one button, one cookie that says which."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.core.i18n import languages
from fedi_chapter.web import language
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import Cookie, form_of, own_path, to, word
from fedi_chapter.web.same_site import check_same_site

COOKIE = Cookie(language.COOKIE, timedelta(days=365))


async def choose(request: Request) -> Response:
    """Remember the language somebody chose, and lead them back to the page they were on.

    Raises:
        FormInvalid: we have no words in that language.

    """
    check_same_site(request)
    async with form_of(request) as form:
        wanted, path = word(form, "language"), own_path(word(form, "next"), "/")
    if wanted not in languages():
        raise FormInvalid(
            "we have no words in that language", cure=f"choose one of {', '.join(languages())}"
        )
    response = to(path)
    COOKIE.give(response, deps_of(request), wanted)
    return response
