"""Every address this server owns, built and parsed in one place (see the URL table of the docs).

Called by whoever writes or recognises one of our addresses. Nothing else may paste paths
together.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from fedi_chapter.domain.chapter import ActorKind, LocalActor
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.short_name import short_name

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OBJECT = re.compile(rf"/(?:(events)/({_UUID})(/face)?|(posts)/({_UUID}))")
_ACTOR = re.compile(r"/(?:(chapter)|(actor)|groups/([a-z0-9_]+))")
_ATTENDANCE = re.compile(rf"/attendances/({_UUID})")
_FOLLOW = re.compile(rf"/follows/({_UUID})")
_NOTICE = re.compile(r"/notices/([0-9a-f.-]{1,36})")
_KEY = re.compile(r"(/(?:rsvp|place|door|mail/stop|me/calendar)/).+")


@dataclass(frozen=True, slots=True)
class OwnObject:
    """What one of our object addresses names."""

    kind: Literal["event", "face", "post"]
    id: str


@dataclass(frozen=True, slots=True)
class Urls:
    """The addresses under one public origin.

    `base` is the origin without a trailing slash; `domain` is what stands behind the `@` of
    our handles and may differ from it (split domain).
    """

    base: str
    domain: str

    @property
    def host(self) -> str:
        """Host and, where it is not the default, port of the origin."""
        return urlsplit(self.base).netloc

    def is_own(self, uri: str) -> bool:
        """Tell whether `uri` lies under our origin."""
        return uri == self.base or uri.startswith((f"{self.base}/", f"{self.base}#"))

    # -- actors ---------------------------------------------------------------------------
    def actor(self, actor: LocalActor) -> str:
        """The ActivityPub id of one of our actors."""
        match actor.kind:
            case ActorKind.CHAPTER:
                return f"{self.base}/chapter"
            case ActorKind.INSTANCE:
                return f"{self.base}/actor"
            case ActorKind.GROUP:
                return f"{self.base}/groups/{actor.handle}"

    @property
    def instance_actor(self) -> str:
        """The id of the actor that signs fetches."""
        return f"{self.base}/actor"

    def actor_page(self, actor: LocalActor) -> str:
        """Where people read about an actor: the home page for the chapter."""
        return f"{self.base}/" if actor.kind is ActorKind.CHAPTER else self.actor(actor)

    def inbox(self, actor: LocalActor) -> str:
        """The actor's personal inbox."""
        return f"{self.actor(actor)}/inbox"

    def outbox(self, actor: LocalActor) -> str:
        """The actor's outbox."""
        return f"{self.actor(actor)}/outbox"

    def followers(self, actor: LocalActor) -> str:
        """The actor's followers collection."""
        return f"{self.actor(actor)}/followers"

    def following(self, actor: LocalActor) -> str:
        """The collection of those the actor follows."""
        return f"{self.actor(actor)}/following"

    def featured(self, actor: LocalActor) -> str:
        """The pinned objects: the next three events."""
        return f"{self.actor(actor)}/featured"

    def upcoming(self, actor: LocalActor) -> str:
        """All public events that are not over, the next one first (FEP-8a8e)."""
        return f"{self.actor(actor)}/upcoming"

    @property
    def shared_inbox(self) -> str:
        """The inbox all our actors share."""
        return f"{self.base}/inbox"

    def key(self, actor: LocalActor, fragment: str) -> str:
        """The id of one of an actor's keys."""
        return f"{self.actor(actor)}#{fragment}"

    def handle(self, actor: LocalActor) -> str:
        """`name@domain`, as WebFinger and people write it."""
        return f"{actor.handle}@{self.domain}"

    def sign_in(self, token: str) -> str:
        """An organizer's one-use way in."""
        return f"{self.base}/sign-in?token={token}"

    def sign_in_return(self, issuer_tag: str) -> str:
        """Where people come back to from their own server; each server has another address."""
        return f"{self.base}/sign-in/back/{issuer_tag}"

    # -- one person's own, each with a token of `sig.links` -------------------------------------
    def rsvp(self, token: str) -> str:
        """A person's own page about one event: state, change, undo."""
        return f"{self.base}/rsvp/{token}"

    def exact_place(self, token: str) -> str:
        """Where an event meets, for one who has a seat."""
        return f"{self.base}/place/{token}"

    def door_pass(self, token: str) -> str:
        """What the picture of an RSVP says: a greeter's phone finds the person by it."""
        return f"{self.base}/door/{token}"

    def mail_stop(self, token: str) -> str:
        """Where one click ends all mail to an address."""
        return f"{self.base}/mail/stop/{token}"

    def personal_calendar(self, token: str) -> str:
        """The calendar of one person's own RSVPs."""
        return f"{self.base}/me/calendar/{token}.ics"

    # -- things ---------------------------------------------------------------------------
    def event(self, event_id: str) -> str:
        """An event's id, and its page."""
        return f"{self.base}/events/{event_id}"

    def face(self, event_id: str) -> str:
        """The event's microblog face."""
        return f"{self.event(event_id)}/face"

    def event_short(self, event_id: str) -> str:
        """The short address of an event, for paper and telling."""
        return f"{self.base}/e/{short_name(event_id)}"

    def event_card(self, event_id: str, name: str) -> str:
        """The picture beside a link to an event; `name` stands for what it shows."""
        return f"{self.event(event_id)}/card.jpg?{name}"

    def subscription(self, path: str = "/calendar.ics") -> str:
        """A calendar to subscribe to, under the scheme that calendar programs open."""
        return f"webcal://{self.base.partition('://')[2]}{path}"

    def event_ics(self, event_id: str) -> str:
        """The event as an iCalendar file."""
        return f"{self.event(event_id)}.ics"

    def event_part(self, event_id: str, part: Literal["attendees", "organizers", "replies"]) -> str:
        """A collection that belongs to an event."""
        return f"{self.event(event_id)}/{part}"

    def series(self, series_id: str) -> str:
        """The page of a series of events."""
        return f"{self.base}/series/{series_id}"

    def series_ics(self, series_id: str) -> str:
        """The series as an iCalendar file."""
        return f"{self.series(series_id)}.ics"

    def place(self, place_id: str) -> str:
        """A place's id; a changed place has a new one."""
        return f"{self.base}/places/{place_id}"

    def post(self, post_id: str) -> str:
        """A post's id, and its page."""
        return f"{self.base}/posts/{post_id}"

    def post_replies(self, post_id: str) -> str:
        """The replies to a post."""
        return f"{self.post(post_id)}/replies"

    def tag(self, name: str) -> str:
        """The page of a hashtag."""
        return f"{self.base}/tags/{quote(name.lower(), safe='')}"

    def media(self, media: Media) -> str:
        """A stored image."""
        return f"{self.base}/media/{media.file_name}"

    # -- activities -----------------------------------------------------------------------
    def activity(self, activity_id: str) -> str:
        """An activity of ours that has no better name."""
        return f"{self.base}/activities/{activity_id}"

    def notice(self, notice_id: str) -> str:
        """A message to one person, which nobody can fetch."""
        return f"{self.base}/notices/{notice_id}"

    def follow(self, follow_id: str) -> str:
        """A Follow we sent."""
        return f"{self.base}/follows/{follow_id}"

    def attendance(self, answer_id: str) -> str:
        """What we said about a neighbour's event."""
        return f"{self.base}/attendances/{answer_id}"

    def quote(self, quote_id: str) -> str:
        """An authorization to quote (FEP-044f)."""
        return f"{self.base}/quotes/{quote_id}"

    # -- recognising ----------------------------------------------------------------------
    def own_object(self, uri: str) -> OwnObject | None:
        """Return which event, face or post of ours `uri` names, if any."""
        match = _OBJECT.fullmatch(self._path(uri))
        if match is None:
            return None
        if match[1]:
            return OwnObject("face" if match[3] else "event", match[2])
        return OwnObject("post", match[5])

    def own_actor(self, uri: str) -> tuple[ActorKind, str] | None:
        """Return kind and, for a group, handle of the actor of ours that `uri` names."""
        match = _ACTOR.fullmatch(self._path(uri))
        if match is None:
            return None
        if match[1]:
            return ActorKind.CHAPTER, ""
        return (ActorKind.INSTANCE, "") if match[2] else (ActorKind.GROUP, match[3])

    def own_follow(self, uri: str) -> str | None:
        """Return the id of the Follow of ours that `uri` names, if any."""
        match = _FOLLOW.fullmatch(self._path(uri))
        return match[1] if match else None

    def own_notice(self, uri: str) -> str | None:
        """Return the id of the message to one person that `uri` names, if any."""
        match = _NOTICE.fullmatch(self._path(uri))
        return match[1] if match else None

    def events_in(self, text: str) -> frozenset[str]:
        """Return the ids of the events of ours whose addresses stand in a text."""
        return frozenset(re.findall(rf"{re.escape(self.base)}/events/({_UUID})", text))

    def own_attendance(self, uri: str) -> str | None:
        """Return the id of what we said about a neighbour's event, if `uri` names that."""
        match = _ATTENDANCE.fullmatch(self._path(uri))
        return match[1] if match else None

    def _path(self, uri: str) -> str:
        return uri[len(self.base) :] if uri.startswith(f"{self.base}/") else ""


def without_key(path: str) -> str:
    """Return a path as it may be logged: of one that is a key, what stands before the key."""
    return _KEY.sub(r"\1…", path)
