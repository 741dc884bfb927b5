"""The tables, a file per subject. Queries live beside them, one file per noun."""

from fedi_chapter.store.tables.attendances import attendances
from fedi_chapter.store.tables.base import metadata
from fedi_chapter.store.tables.content import (
    attachments,
    boosts,
    events,
    media,
    mentions,
    places,
    posts,
    tags,
    tombstones,
    undone,
)
from fedi_chapter.store.tables.conversation import (
    deleted_replies,
    messages,
    quotes,
    reactions,
    replies,
    reports,
)
from fedi_chapter.store.tables.door import door_before, door_entries
from fedi_chapter.store.tables.local import (
    instance,
    local_actors,
    local_keys,
    organizers,
    sessions,
    sign_in_links,
)
from fedi_chapter.store.tables.members import (
    calendar_feeds,
    member_sessions,
    oauth_apps,
    sign_ins,
)
from fedi_chapter.store.tables.peers import (
    blocks,
    followers,
    following,
    hosts,
    neighbour_events,
    neighbour_posts,
    remote_actors,
    remote_keys,
    unfilled_events,
)
from fedi_chapter.store.tables.queues import activities, deliveries, dropped, inbox, outbox
from fedi_chapter.store.tables.rsvps import (
    event_secrets,
    exact_places,
    faces,
    notices,
    private_links,
    rsvps,
    tallies,
)
from fedi_chapter.store.tables.series import series
from fedi_chapter.store.tables.telling import event_messages, mail_stops

__all__ = [
    "activities",
    "attachments",
    "attendances",
    "blocks",
    "boosts",
    "calendar_feeds",
    "deleted_replies",
    "deliveries",
    "door_before",
    "door_entries",
    "dropped",
    "event_messages",
    "event_secrets",
    "events",
    "exact_places",
    "faces",
    "followers",
    "following",
    "hosts",
    "inbox",
    "instance",
    "local_actors",
    "local_keys",
    "mail_stops",
    "media",
    "member_sessions",
    "mentions",
    "messages",
    "metadata",
    "neighbour_events",
    "neighbour_posts",
    "notices",
    "oauth_apps",
    "organizers",
    "outbox",
    "places",
    "posts",
    "private_links",
    "quotes",
    "reactions",
    "remote_actors",
    "remote_keys",
    "replies",
    "reports",
    "rsvps",
    "series",
    "sessions",
    "sign_in_links",
    "sign_ins",
    "tags",
    "tallies",
    "tombstones",
    "undone",
    "unfilled_events",
]
