"""A chapter with something of everything on its pages, and the application that shows it.

Used by the tests of pages, of feeds and of the browser.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from cryptography.fernet import Fernet
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.ids import Ids
from fedi_chapter.deps import Deps
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId, ActorKind, Instance, LocalActor
from fedi_chapter.domain.conversation import Reaction, Reply, ReplyState
from fedi_chapter.domain.event import Event, EventId, EventStatus, RsvpMode
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost
from fedi_chapter.domain.place import Area, Place, Point
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing
from fedi_chapter.sig.links import Links
from fedi_chapter.store import (
    events,
    instance,
    local_actors,
    media,
    neighbours,
    posts,
    reactions,
    remote_actors,
    replies,
)
from fedi_chapter.store.tx import Database, WriteTx
from fedi_chapter.web import errors
from fedi_chapter.web.admin import routes as admin
from fedi_chapter.web.members import routes as members
from fedi_chapter.web.middleware import stack
from fedi_chapter.web.public import routes
from fedi_chapter.web.public.events import event_page
from fedi_chapter.web.public.home import chapter_page
from fedi_chapter.web.public.posts import post_page

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BASE = "https://eastside.example.org"
URLS = Urls(base=BASE, domain="eastside.example.org")
PICTURE = Media(
    id=MediaId("0197c1b2-7a10-7cc2-9f5e-000000000a01"),
    media_type="image/jpeg",
    width=960,
    height=640,
    size=9_000,
    alt="A map of the neighbourhood on a table",
)
CHAPTER = LocalActor(
    id=ActorId("chapter"),
    kind=ActorKind.CHAPTER,
    handle="eastside",
    name="Eastside Neighbours",
    created_at=NOW - timedelta(days=500),
    updated_at=NOW - timedelta(days=5),
    summary="We fix what bothers us.",
    summary_html=(
        "<p>We are neighbours who fix what bothers us: bus stops without a roof, parks without "
        "light, rents without reason. We meet every second Tuesday, and everybody is welcome.</p>"
    ),
    timezone="America/New_York",
    area=Area("East Atlanta, Georgia", Point(33.74, -84.34), 8),
    email="hello@eastside.example.org",
)
HALL = Place(
    id="0197c1b2-7a10-7cc2-9f5e-000000000b01",
    name="Grace Hall",
    address="1450 Glenwood Ave SE, Atlanta",
    point=Point(33.7401, -84.3450),
)
MARA = "https://social.example.com/users/mara"
WESTVIEW = "https://westview.example.net/chapter"
HOSTILE = '<script>alert(1)</script><img src="x" onerror="alert(1)"><p style="position:fixed">Hi'


def event_id(number: int) -> EventId:
    """Return the id of the sample event `number`."""
    return EventId(f"0197c1b2-7a10-7cc2-9f5e-0000000001{number:02d}")


def post_id(number: int) -> PostId:
    """Return the id of the sample post `number`."""
    return PostId(f"0197c1b2-7a10-7cc2-9f5e-0000000002{number:02d}")


def an_event(number: int, name: str, days: float, **changes: Any) -> Event:
    """Return a published event `days` from now, two hours long."""
    starts = NOW.replace(hour=23, minute=30) + timedelta(days=days)
    fields: dict[str, Any] = {
        "id": event_id(number),
        "actor_id": CHAPTER.id,
        "name": name,
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=2),
        "timezone": "America/New_York",
        "created_at": NOW - timedelta(days=9),
        "published_at": NOW - timedelta(days=8),
        "place": HALL,
    }
    return Event(**{**fields, **changes})


def a_post(number: int, html: str, **changes: Any) -> Post:
    """Return a published post, `number` days old."""
    fields: dict[str, Any] = {
        "id": post_id(number),
        "actor_id": CHAPTER.id,
        "published_at": NOW - timedelta(days=number),
        "source": "as written",
        "html": html,
    }
    return Post(**{**fields, **changes})


BUS = an_event(
    1,
    "Plan our bus stop together",
    4,
    description_html=(
        "<p>Bring your questions about the new bus line. We look at the map together, pick "
        "three stops to begin with, and make a plan for the summer.</p><p>There will be "
        "<strong>coffee and cake</strong>. Children are welcome. The hall has a ramp.</p>"
    ),
    images=(PICTURE,),
    tags=("transit", "Eastside"),
    capacity=60,
    rsvp=RsvpMode.EXTERNAL,
    external_url="https://forms.example.net/bus",
)
CANCELLED = an_event(
    3,
    "Letter-writing evening",
    9,
    status=EventStatus.CANCELLED,
    cancel_reason="The hall has no heating this week.",
    revision=2,
    updated_at=NOW - timedelta(days=1),
)
EVENTS = (
    BUS,
    an_event(2, "Walk the park at dusk", 6, place=None, online_url="https://meet.example.org/x"),
    CANCELLED,
    an_event(4, "A draft nobody sees", 5, published_at=None),
    an_event(5, "For followers alone", 5, visibility=Visibility.FOLLOWERS),
    an_event(6, "Only for those with the address", 5, visibility=Visibility.UNLISTED),
    an_event(7, "Only on these pages", 5, visibility=Visibility.LOCAL),
    an_event(8, "Deleted again", 5, deleted_at=NOW),
    an_event(9, "Street clean-up", -12, tags=("transit",)),
)
POSTS = (
    a_post(
        1,
        "<p>After eleven months and 640 signatures, Moreland Avenue gets two crossings.</p>",
        title="The city said yes",
        tags=("transit",),
    ),
    a_post(2, "<p>Found: one blue scarf.</p>", images=(PICTURE,)),
    a_post(3, "<p>A word among ourselves.</p>", visibility=Visibility.FOLLOWERS),
    a_post(4, "<p>Said in haste.</p>", deleted_at=NOW),
    a_post(5, "<p>House rules of this page.</p>", visibility=Visibility.LOCAL),
)


def a_remote(uri: str, handle: str, name: str) -> RemoteActor:
    """Return somebody elsewhere."""
    username, _, host = handle.partition("@")
    return RemoteActor(
        uri=uri,
        host=host,
        type="Person",
        username=username,
        handle=handle,
        name=name,
        inbox=f"{uri}/inbox",
        url=uri,
    )


def a_reply(number: int, root: str, html: str, **changes: Any) -> Reply:
    """Return a shown reply of Mara's."""
    fields: dict[str, Any] = {
        "uri": f"https://social.example.com/notes/{number}",
        "actor_uri": MARA,
        "in_reply_to": root,
        "root": root,
        "html": html,
        "published_at": NOW - timedelta(hours=number),
        "url": f"https://social.example.com/@mara/{number}",
    }
    return Reply(**{**fields, **changes})


def seed(tx: WriteTx) -> None:
    """Fill an empty database with the chapter, its things, and what others say of them."""
    instance.insert(tx, Instance("eastside.example.org", BASE, CHAPTER.created_at))
    local_actors.insert(tx, CHAPTER)
    media.insert(tx, PICTURE)
    for event in EVENTS:
        events.insert(tx, event)
    for post in POSTS:
        posts.insert(tx, post)
    remote_actors.put(tx, a_remote(MARA, "mara@social.example.com", "Mara \u202eLindqvist"))
    remote_actors.put(tx, a_remote(WESTVIEW, "westview@westview.example.net", "Westview Commons"))
    bus, face = URLS.event(BUS.id), URLS.face(BUS.id)
    replies.put(tx, a_reply(1, bus, "<p>Count me in!</p>"))
    replies.put(tx, a_reply(2, face, HOSTILE))
    replies.put(tx, a_reply(3, bus, "<p>Held for now</p>", state=ReplyState.HELD))
    reactions.put(tx, Reaction("like", MARA, face, None, NOW))
    reactions.put(tx, Reaction("boost", WESTVIEW, bus, None, NOW))
    neighbours.put_post(
        tx,
        NeighbourPost(
            "https://westview.example.net/posts/1",
            WESTVIEW,
            "<p>Our tool library is open again! Ladders, drills and a cider press.</p>",
            NOW - timedelta(days=1),
            "https://westview.example.net/posts/1",
        ),
    )
    neighbours.put_event(
        tx,
        NeighbourEvent(
            "https://westview.example.net/events/1",
            WESTVIEW,
            "Repair café: bikes and toasters",
            NOW + timedelta(days=6),
            "javascript:alert(1)",
            NOW - timedelta(days=1),
            timezone="America/Nowhere",
            place_name="Westview Library",
        ),
    )


def deps_for(db: Database, clock: Clock, ids: Ids, data: Path, *, base: str = BASE) -> Deps:
    """Return dependencies without a way out: pages need none."""
    return Deps(
        settings=Settings(data=data),
        clock=clock,
        ids=ids,
        urls=Urls(base=base, domain="eastside.example.org"),
        db=db,
        keys=KeyRing(Fernet.generate_key()),
        links=Links(b"a master key"),
        fetcher=cast(Any, None),
        poster=cast(Any, None),
        asker=cast(Any, None),
    )


def put_picture(data: Path) -> None:
    """Store the file of the sample picture."""
    folder = data / "media"
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (960, 640), "#c98a5a").save(folder / PICTURE.file_name)


async def echo_size(request: Request) -> Response:
    """Read the whole body and tell its size."""
    return JSONResponse(len(await request.body()))


async def fail(request: Request) -> Response:
    """Fail in a way nobody foresaw."""
    raise RuntimeError("the secret reason")


def site_app(deps: Deps, *from_memory: Middleware) -> Starlette:
    """Return the pages as an application of their own, with layers and error pages."""
    app = Starlette(
        routes=[
            Route("/chapter", chapter_page),
            *routes.routes,
            *admin.routes,
            *members.routes,
            Route("/events/{id:uuid}", event_page),
            Route("/posts/{id:uuid}", post_page),
            Route("/echo", echo_size, methods=["POST"]),
            Route("/fail", fail),
            Route("/healthz", lambda request: Response("ok")),
        ],
        middleware=stack(deps, *from_memory),
        exception_handlers=errors.handlers,
    )
    app.state.deps = deps
    return app
