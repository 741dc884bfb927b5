"""Pictures in documents: our own written as Image objects, foreign ones read.

Called by the writers of actors, posts, events and faces, and the readers of notes and events.
The words for those who don't see the picture stand in `name` and in `summary`: peers read one
or the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.context import present
from fedi_chapter.vocab.shape import Document, line_of, link_of, mappings, type_of

MOST = 4
"""Mastodon shows no more."""
LONGEST_ALT = 500
_KINDS = frozenset({"image", "video", "audio"})


@dataclass(frozen=True, slots=True)
class Attached:
    """A foreign picture, film, sound or other thing: where it is, and the words for it."""

    kind: str
    """`image`, `video`, `audio` or `other`."""
    url: str
    alt: str


def read_attached(attachment: Document) -> Attached | None:
    """Return what an attachment is, None where it has no address."""
    stated = str(attachment.get("mediaType") or "").partition("/")[0]
    kinds = (stated, (type_of(attachment) or "").lower())
    kind = next((each for each in kinds if each in _KINDS), "other")
    url = link_of(attachment.get("url")) or link_of(attachment.get("href"))
    if url is None:
        return None
    alt = line_of(attachment, "name", LONGEST_ALT) or line_of(attachment, "summary", LONGEST_ALT)
    return Attached(kind, url, alt)


def read_picture(document: Document) -> Attached | None:
    """Return the picture of a document: its `image`, else the first one attached to it."""
    image = document.get("image")
    bare = link_of(image) if isinstance(image, str) else None
    if bare:
        return Attached("image", bare, "")
    stated = [{"type": "Image", **each} for each in mappings(image)]
    found = map(read_attached, [*stated, *mappings(document.get("attachment"))])
    return next((each for each in found if each and each.kind == "image"), None)


def write_picture(media: Media, urls: Urls) -> Document:
    """Return a picture as an Image."""
    return present(
        {
            "type": "Image",
            "mediaType": media.media_type,
            "url": urls.media(media),
            "name": media.alt,
            "summary": media.alt,
            "width": media.width,
            "height": media.height,
            "blurhash": media.blurhash,
            "focalPoint": [float(each) for each in media.focus] if media.focus else None,
        }
    )


def write_pictures(images: Iterable[Media], urls: Urls) -> list[Document]:
    """Return the first few pictures as attachments."""
    return [write_picture(each, urls) for each in tuple(images)[:MOST]]
