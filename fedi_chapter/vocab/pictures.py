"""Our pictures as the Image objects of documents.

Called by the writers of actors, posts, events and faces. The words for those who don't see
the picture stand in `name` and in `summary`: peers read one or the other.
"""

from collections.abc import Iterable

from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.context import present
from fedi_chapter.vocab.shape import Document

MOST = 4
"""Mastodon shows no more."""


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
