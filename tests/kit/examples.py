"""One chapter with one event and one post, for tests of what we write about them."""

from dataclasses import replace
from datetime import UTC, datetime

from fedi_chapter.domain.chapter import ActorId, ActorKind, LocalActor
from fedi_chapter.domain.event import Event, EventId, RsvpMode
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.place import Area, Place, Point
from fedi_chapter.domain.post import Mention, Post, PostId
from fedi_chapter.domain.urls import Urls

URLS = Urls(base="https://elm.example.org", domain="elm.example.org")
FOUNDED = datetime(2026, 1, 5, 9, tzinfo=UTC)
PUBLISHED = datetime(2026, 9, 1, 15, tzinfo=UTC)
PICTURE = Media(
    id=MediaId("poster"),
    media_type="image/jpeg",
    width=1200,
    height=600,
    size=90_000,
    alt="Four people with brooms & buckets",
    blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    focus=(0.0, 0.25),
)
CHAPTER = LocalActor(
    id=ActorId("chapter"),
    kind=ActorKind.CHAPTER,
    handle="elm",
    name="Elm Street Neighbours",
    created_at=FOUNDED,
    updated_at=FOUNDED,
    summary_html="<p>We look after our street.</p>",
    timezone="America/Chicago",
    area=Area("Springfield, IL", Point(39.8, -89), 12),
    icon=PICTURE,
)
RELAY = LocalActor(
    id=ActorId("instance"),
    kind=ActorKind.INSTANCE,
    handle="relay",
    name="elm.example.org",
    created_at=FOUNDED,
    updated_at=FOUNDED,
)
HALL = Place(
    id="0197c1b2-7a10-7cc2-9f5e-00000000aaaa",
    name="Community Hall",
    address="100 Main St, Springfield",
    point=Point(39.8017, -89),
)
EVENT = Event(
    id=EventId("0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"),
    actor_id=CHAPTER.id,
    name="Spring clean",
    starts_at=datetime(2026, 9, 19, 15, tzinfo=UTC),
    ends_at=datetime(2026, 9, 19, 18, tzinfo=UTC),
    timezone="America/Chicago",
    created_at=FOUNDED,
    description_html="<p>Brooms are <em>there</em>. Bring gloves &amp; friends.</p>",
    place=HALL,
    capacity=40,
    tags=("Springfield", "cleanup"),
    images=(PICTURE,),
    published_at=PUBLISHED,
)
ASKING = replace(EVENT, rsvp=RsvpMode.ON, poll=("Going", "Maybe", "Can't come"))
"""The same event where it is asked who comes."""
POST = Post(
    id=PostId("0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c99"),
    actor_id=CHAPTER.id,
    published_at=datetime(2026, 9, 2, 8, tzinfo=UTC),
    source="Thanks to @ana@social.example #cleanup",
    html="<p>Thanks to everyone.</p>",
    title="What we <found>",
    tags=("cleanup",),
    mentions=(
        Mention(
            uri="https://social.example/users/ana",
            url="https://social.example/@ana",
            handle="ana@social.example",
        ),
    ),
    images=(PICTURE,),
)
