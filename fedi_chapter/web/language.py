"""Which language a page speaks: the one its reader chose here, else the first of their browser's
that we have words in, else the chapter's.

Read by `web.templating` and, for the key of kept answers, by `web.fedi.forms`. The switch
(`web.public.language`) leaves a cookie that holds a language and nothing else.
"""

from functools import lru_cache

from starlette.requests import cookie_parser

from fedi_chapter.core.i18n import languages
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.web.negotiate import quality
from fedi_chapter.web.request_headers import Field, RequestHeaders

COOKIE = "language"
_COOKIES = frozenset({COOKIE, f"__Host-{COOKIE}"})
LONGEST = 1000
"""Characters of `Accept-Language` that are read."""
LONGEST_TAG = 35


def chosen(headers: RequestHeaders) -> str:
    """Return the language of ours that a reader wants; empty where it is up to the chapter."""
    return _switched_to(headers) or _best(headers.text(Field.ACCEPT_LANGUAGE)[:LONGEST])


def language_for(headers: RequestHeaders, chapter: LocalActor | None) -> str:
    """Return the tag of the language a page is written in; dates of our own one are ours."""
    ours, wanted = chapter.language if chapter else "en", chosen(headers)
    return ours if wanted in ("", _base(ours)) else wanted


def first_tag(headers: RequestHeaders) -> str | None:
    """Return the language a reader wants most, whether or not we have words in it."""
    accepted = headers.text(Field.ACCEPT_LANGUAGE)[:LONGEST]
    tag = accepted.partition(",")[0].partition(";")[0].strip()[:LONGEST_TAG]
    return _switched_to(headers) or (tag if tag.replace("-", "").isalnum() else None)


def is_for_one(headers: RequestHeaders) -> bool:
    """Tell whether a request carries a cookie that may stand for one person."""
    return bool(headers.get(Field.COOKIE)) and not _cookies(headers).keys() <= _COOKIES


def _switched_to(headers: RequestHeaders) -> str:
    if not headers.get(Field.COOKIE):
        return ""
    found = (value for name, value in _cookies(headers).items() if name in _COOKIES)
    return next((value for value in found if value in languages()), "")


def _cookies(headers: RequestHeaders) -> dict[str, str]:
    return cookie_parser(headers.text(Field.COOKIE))


@lru_cache(maxsize=256)
def _best(accepted: str) -> str:
    """Return the language of ours with the best quality (RFC 9110 §12.5.4), the first of equals."""
    wanted: dict[str, float] = {}
    for part in accepted.lower().split(","):
        tag, _, parameters = part.partition(";")
        if (language := _base(tag.strip())) in languages():
            wanted[language] = max(wanted.get(language, 0.0), quality(parameters))
    best = max(wanted, key=wanted.__getitem__, default="")
    return best if wanted.get(best) else ""


def _base(tag: str) -> str:
    return tag.partition("-")[0].lower()
