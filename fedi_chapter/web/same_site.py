"""Whether a form was sent from a page of ours (ADM-01).

Asked by every route that takes a form, before anything else. Who the sender is, is decided
elsewhere.
"""

from starlette.requests import Request

from fedi_chapter.core.errors import NotAllowed
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.request_headers import Field, headers_of


def check_same_site(request: Request) -> None:
    """Refuse a form sent from another site's page (Fetch Metadata; Origin where it is missing).

    A program that sends neither header is no browser somebody else can steer.

    Raises:
        NotAllowed: the page that sent the form is not ours.

    """
    headers = headers_of(request.scope)
    site_of_page, origin = headers.get(Field.SEC_FETCH_SITE), headers.get(Field.ORIGIN)
    if site_of_page is None:
        same = origin is None or origin == deps_of(request).urls.base
    else:
        same = site_of_page in {"same-origin", "none"}
    if not same:
        raise NotAllowed("the form was sent from another site")
