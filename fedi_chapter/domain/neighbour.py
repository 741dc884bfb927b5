"""What the actors we follow publish: posts and events of neighbouring chapters."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape

from fedi_chapter.domain.event import OPEN_END

JOINABLE = frozenset({"free", "restricted"})
"""The join modes under which a server takes an RSVP itself."""


@dataclass(frozen=True, slots=True)
class NeighbourPost:
    """A public post of an actor we follow."""

    uri: str
    actor_uri: str
    html: str
    """As received."""
    published_at: datetime
    url: str
    title: str | None = None
    language: str | None = None
    updated_at: datetime | None = None
    warning: str | None = None
    """What its author wants people to read before they decide to read it."""
    attached: str = ""
    """Its pictures and poll options, as HTML made here."""
    excerpt: str | None = field(default=None, compare=False)
    """What is shown, one line of text made when it was stored; None until the present rule has."""


@dataclass(frozen=True, slots=True)
class NeighbourEvent:
    """A public event of an actor we follow, or one they boosted, normalised."""

    uri: str
    actor_uri: str
    name: str
    starts_at: datetime
    url: str
    published_at: datetime
    ends_at: datetime | None = None
    timezone: str | None = None
    all_day: bool = False
    place_name: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    online_url: str | None = None
    html: str = ""
    """As received."""
    cancelled: bool = False
    join_mode: str | None = None
    """How people sign up, in Mobilizon's words (FEP-8a8e `joinMode`), lower case."""
    sign_up_url: str | None = None
    """Where people sign up, when `join_mode` is external: http(s) or mailto."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    """When its server deleted it; kept without its text while we said that we come."""
    listed: bool = True
    """Whether it may stand in our lists; an unlisted one is kept only for who attends it."""
    tags: tuple[str, ...] = ()
    """Its hashtags without `#`."""
    picture_url: str | None = None
    """Where its picture is; nothing is loaded from there."""
    picture_alt: str = ""
    """The words for those who don't see the picture."""

    @property
    def has_place(self) -> bool:
        """Tell whether it says where it meets."""
        return bool(self.place_name or self.address or self.online_url)

    @property
    def is_bare(self) -> bool:
        """Tell whether it lacks a place, tags or a picture."""
        return not (self.has_place and self.tags and self.picture_url)

    def filled(self, other: "NeighbourEvent") -> "NeighbourEvent":
        """Return the event with what it leaves out as another reading of the same says it.

        Taken are the place, the tags, the picture with its words, the description, and the link
        for people where it names only its id.
        """
        event = self
        if not event.has_place:
            event = replace(
                event,
                place_name=other.place_name,
                address=other.address,
                lat=other.lat,
                lon=other.lon,
                online_url=other.online_url,
            )
        if not event.picture_url:
            event = replace(event, picture_url=other.picture_url, picture_alt=other.picture_alt)
        if event.url == event.uri:
            event = replace(event, url=other.url)
        event = replace(event, tags=event.tags or other.tags)
        return event if event.html else replace(event, html=other.html)

    @property
    def takes_rsvp(self) -> bool:
        """Tell whether its server takes an RSVP by a message of whoever wants to come."""
        return self.join_mode in JOINABLE

    @property
    def over_at(self) -> datetime:
        """When it is over; an open end counts as two hours."""
        return self.ends_at or self.starts_at + OPEN_END


TOGETHER = timedelta(minutes=10)
"""A post with a link to an event is about its announcement when both appeared within this time."""
_LINK = re.compile(r"""href=["']([^"']{1,2048})["']""")


def tells_of(post: NeighbourPost, event: NeighbourEvent) -> bool:
    """Tell whether a post is but the microblog form of an event by the same author."""
    if post.actor_uri != event.actor_uri:
        return False
    addresses = {event.uri, event.url}
    if post.url in addresses or event.uri in roots_of(post.uri):
        return True
    links = {unescape(each) for each in _LINK.findall(post.html)}
    return abs(post.published_at - event.published_at) <= TOGETHER and not links.isdisjoint(
        addresses
    )


def roots_of(uri: str) -> set[str]:
    """Return the ids of which `uri` could be a part: `…/7` of `…/7/note`, `…/7#note`."""
    return {uri.rpartition(mark)[0] for mark in "/#?"}
