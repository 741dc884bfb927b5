"""Nouns with sensible defaults, so that a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fedi_chapter.domain.chapter import INSTANCE_HANDLE, ActorId, ActorKind, Instance, LocalActor
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.place import Area, Place, Point
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.domain.remote_actor import RemoteActor, RemoteKey
from fedi_chapter.store import instance, local_actors
from fedi_chapter.store.tx import Database, WriteTx

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CHAPTER_ID = ActorId("01932000-0000-7000-8000-000000000001")
INSTANCE_ID = ActorId("01932000-0000-7000-8000-000000000002")
EVENT_ID = EventId("01932000-0000-7000-8000-0000000000e1")
POST_ID = PostId("01932000-0000-7000-8000-0000000000b1")
PLACE = Place(
    "01932000-0000-7000-8000-0000000000c1", "Town Library", "1 Main St", Point(44.98, -93.27)
)


def a_chapter(**overrides: Any) -> LocalActor:
    """A chapter in Minneapolis."""
    chapter = LocalActor(
        id=CHAPTER_ID,
        kind=ActorKind.CHAPTER,
        handle="minneapolis",
        name="Minneapolis Chapter",
        created_at=NOW,
        updated_at=NOW,
        summary="We meet *often*.",
        summary_html="<p>We meet <em>often</em>.</p>",
        timezone="America/Chicago",
        area=Area("Minneapolis", Point(44.98, -93.27), 20.0),
    )
    return replace(chapter, **overrides)


def an_instance_actor(**overrides: Any) -> LocalActor:
    """The server's own actor."""
    actor = LocalActor(
        id=INSTANCE_ID,
        kind=ActorKind.INSTANCE,
        handle=INSTANCE_HANDLE,
        name="chapter.example",
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(actor, **overrides)


def an_event(**overrides: Any) -> Event:
    """A published meeting tomorrow evening in the library."""
    event = Event(
        id=EVENT_ID,
        actor_id=CHAPTER_ID,
        name="Monthly meeting",
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=1, hours=2),
        timezone="America/Chicago",
        created_at=NOW,
        published_at=NOW,
        description="Bring a *friend*.",
        description_html="<p>Bring a <em>friend</em>.</p>",
        place=PLACE,
        tags=("Meeting", "Library"),
    )
    return replace(event, **overrides)


def a_post(**overrides: Any) -> Post:
    """A public post."""
    post = Post(
        id=POST_ID,
        actor_id=CHAPTER_ID,
        published_at=NOW,
        source="We *won*.",
        html="<p>We <em>won</em>.</p>",
        tags=("Victory",),
    )
    return replace(post, **overrides)


def an_image(**overrides: Any) -> Media:
    """A stored picture with words for it."""
    image = Media(
        id=MediaId("01932000-0000-7000-8000-0000000000a1"),
        media_type="image/jpeg",
        width=1600,
        height=900,
        size=123_456,
        alt="People around a table",
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        focus=(0.0, 0.5),
    )
    return replace(image, **overrides)


def a_remote_actor(
    name: str = "ana", host: str = "social.example", **overrides: Any
) -> RemoteActor:
    """A member of a Mastodon server, with its RSA key."""
    uri = f"https://{host}/users/{name}"
    actor = RemoteActor(
        uri=uri,
        host=host,
        type="Person",
        username=name,
        handle=f"{name}@{host}",
        name=name.title(),
        inbox=f"{uri}/inbox",
        shared_inbox=f"https://{host}/inbox",
        outbox=f"{uri}/outbox",
        followers=f"{uri}/followers",
        url=f"https://{host}/@{name}",
        keys=(RemoteKey(f"{uri}#main-key", uri, "rsa", b"PEM of " + name.encode()),),
    )
    return replace(actor, **overrides)


async def founded(
    db: Database, *, base_url: str = "https://chapter.example", **overrides: Any
) -> LocalActor:
    """Found a chapter in `db`, with the server's own actor, and return the chapter."""
    chapter = a_chapter(**overrides)

    def found(tx: WriteTx) -> None:
        domain = base_url.partition("://")[2]
        instance.insert(tx, Instance(domain, base_url, tx.now))
        local_actors.insert(tx, chapter)
        local_actors.insert(tx, an_instance_actor(name=domain))

    await db.write(found)
    return chapter
