"""The microblog face of an event: everything in words, and the poll by which people answer.

Called by `federation` for servers that know no events (Mastodon, GoToSocial, Misskey,
Pixelfed). Where an event asks who comes, its face is a Question (`vocab.polls`), else a Note.
The Event itself is written in `vocab.events`.
"""

from datetime import datetime
from typing import Literal

from fedi_chapter.core.html import escape
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.face import FaceState
from fedi_chapter.domain.tally import Tally
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.audience import write_audience, write_policy
from fedi_chapter.vocab.collections import replies_to_be_fetched
from fedi_chapter.vocab.context import POLL, in_context, in_thread
from fedi_chapter.vocab.pictures import write_pictures
from fedi_chapter.vocab.polls import how_to_answer, write_poll
from fedi_chapter.vocab.posts import write_hashtags
from fedi_chapter.vocab.shape import Document
from fedi_chapter.vocab.when import stamp
from fedi_chapter.vocab.wording import bring, details, excerpt, heading, paragraph, taking_part

LONGEST_EXCERPT = 300
SHORTENED = 28
"""Characters at the end of an event's address that Mastodon does not show."""


def face_type(event: Event) -> Literal["Note", "Question"]:
    """Return what the face of an event is; from its publication on it never changes."""
    return "Question" if event.poll else "Note"


def write_face(
    event: Event, actor: LocalActor, urls: Urls, tally: Tally, said: FaceState, now: datetime
) -> Document:
    """Return an event as a post. It has no `summary`, which would be a content warning.

    What it says of seats is what was told last (`said`), however it stands at this moment.
    """
    content = _content(event, actor, urls, said)
    edited = [at for at in (event.updated_at, said.changed_at) if at]
    return in_context(
        POLL,
        {
            "id": urls.face(event.id),
            "type": "Note",
            **(write_poll(event, tally, said, now) if event.poll else {}),
            "url": urls.event(event.id),
            "attributedTo": urls.actor(actor),
            **write_audience(event.visibility, actor, urls),
            "content": content,
            "contentMap": {event.language: content},
            "published": stamp(event.published_at or event.created_at),
            "updated": stamp(max(edited)) if edited else None,
            "sensitive": False,
            "attachment": write_pictures(event.images, urls),
            "tag": write_hashtags(event.tags, urls),
            **in_thread(urls.event_part(event.id, "replies")),
            "replies": replies_to_be_fetched(urls.event_part(event.id, "replies")),
            "interactionPolicy": write_policy(event.visibility),
        },
    )


def _content(event: Event, actor: LocalActor, urls: Urls, said: FaceState) -> str:
    """Return the whole text. The event's page is its only link, so it gets the preview card.

    Nothing in it changes by itself: new totals are told of a text that is still the same.
    """
    told = ("👥", actor.name), ("🎟", taking_part(event, said)), ("🎒", bring(event))
    about = excerpt(event, LONGEST_EXCERPT)
    return "".join(
        (
            heading(event, as_post=True),
            paragraph(*(f"{icon} {words}" for icon, words in told if words)),
            paragraph(about) if about else "",
            paragraph(*how_to_answer(event)),
            f"<p>{escape(details(event))} {_link(urls.event(event.id))}</p>",
        )
    )


def _link(page: str) -> str:
    """Return a link in the form Mastodon gives its own: whole, its two ends not shown."""
    scheme, slashes, rest = page.partition("//")
    return (
        f'<a href="{escape(page)}"><span class="invisible">{scheme}{slashes}</span>'
        f'<span class="ellipsis">{escape(rest[:-SHORTENED])}</span>'
        f'<span class="invisible">{escape(rest[-SHORTENED:])}</span></a>'
    )
