"""The tables, a file per subject. Queries live beside them, one file per noun."""

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
)
from fedi_chapter.store.tables.conversation import (
    messages,
    quotes,
    reactions,
    replies,
    reports,
)
from fedi_chapter.store.tables.local import (
    instance,
    local_actors,
    local_keys,
    organizers,
    sessions,
    sign_in_links,
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
)
from fedi_chapter.store.tables.queues import activities, deliveries, inbox, outbox

__all__ = [
    "activities",
    "attachments",
    "blocks",
    "boosts",
    "deliveries",
    "events",
    "followers",
    "following",
    "hosts",
    "inbox",
    "instance",
    "local_actors",
    "local_keys",
    "media",
    "mentions",
    "messages",
    "metadata",
    "neighbour_events",
    "neighbour_posts",
    "organizers",
    "outbox",
    "places",
    "posts",
    "quotes",
    "reactions",
    "remote_actors",
    "remote_keys",
    "replies",
    "reports",
    "sessions",
    "sign_in_links",
    "tags",
    "tombstones",
]
