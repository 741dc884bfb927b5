"""To whom a document is addressed: `to` and `cc`, on the object as on its envelope.

Called by the writers of posts, events and faces. The rule who may see what is the
domain's; here it only gets its wire form.
"""

from collections.abc import Iterable

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.shape import Document


def write_audience(
    visibility: Visibility, actor: LocalActor, urls: Urls, named: Iterable[str] = ()
) -> Document:
    """Return `to` and `cc` for a visibility; those `named` in the text are added to `cc`.

    Raises:
        ValueError: a local thing was about to leave the house.

    """
    followers = urls.followers(actor)
    match visibility:
        case Visibility.PUBLIC:
            return {"to": [PUBLIC], "cc": [followers, *named]}
        case Visibility.UNLISTED:
            return {"to": [followers], "cc": [PUBLIC, *named]}
        case Visibility.FOLLOWERS:
            return {"to": [followers], "cc": list(named)}
        case Visibility.LOCAL:
            raise ValueError("what is only for this server has no audience elsewhere")


def write_policy(visibility: Visibility) -> Document | None:
    """Return who may quote: everyone what everyone may read, else nobody (FEP-044f)."""
    if visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
        return {"canQuote": {"automaticApproval": [PUBLIC]}}
    return None
