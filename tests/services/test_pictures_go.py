"""A picture goes with what it belonged to: in the end its address serves nothing any more."""

import os
from datetime import timedelta

import pytest

from fedi_chapter.services.chapters import ProfileFields, edit_profile, found
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event, delete_event, edit_event
from fedi_chapter.services.posts import PostFields, create_post, delete_post
from fedi_chapter.store import media
from fedi_chapter.store.tx import Database, WriteTx
from fedi_chapter.workers import schedule
from tests.kit.builders import NOW, an_image
from tests.kit.world import World, world
from tests.services.conftest import FOUNDING, KEYS, URLS

__all__ = ["world"]
pytestmark = pytest.mark.anyio
START = f"{NOW + timedelta(days=3):%Y-%m-%dT%H:%M}"


async def test_pictures_that_nothing_shows_are_forgotten_and_all_others_kept(db: Database) -> None:
    names = ("post", "gone post", "event", "replaced", "new", "gone event", "icon", "header")
    image = {name: an_image(id=name) for name in names}

    def event(name: str) -> EventFields:
        return EventFields(name=name, start=START, images=(image[name],))

    def write(tx: WriteTx) -> int:
        actor, _ = found(tx, FOUNDING, KEYS, KEYS)
        urls = URLS
        create_post(tx, actor, PostFields(text="x", images=(image["post"],)), urls)
        post = create_post(tx, actor, PostFields(text="x", images=(image["gone post"],)), urls)
        delete_post(tx, post.id)
        create_event(tx, actor, event("event"), urls, draft=True)
        changed = create_event(tx, actor, event("replaced"), urls)
        edit_event(tx, changed.id, EventFields(images=(image["new"],)), urls)
        delete_event(tx, create_event(tx, actor, event("gone event"), urls).id)
        edit_profile(tx, actor, ProfileFields(icon=image["icon"], header=image["header"]), urls)
        return media.forget_unused(tx)

    assert await db.write(write) == 3
    assert await db.read(media.names) == {"post", "event", "new", "icon", "header"}


async def test_the_picture_of_a_deleted_post_is_no_longer_served(world: World) -> None:
    chapter = await world.chapter("a.test")
    settings, image = chapter.deps.settings, an_image()
    settings.media_dir.mkdir()
    file = settings.media_dir / image.file_name
    file.write_bytes(b"picture")
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    fields = PostFields(text="Look", images=(image,))
    post = await chapter.write(lambda tx: create_post(tx, chapter.actor, fields, chapter.urls))
    [tidy] = [task for task in schedule.TASKS if task.name == "tidy pictures"]
    world.clock.advance(2 * schedule.YOUNG)
    await tidy.do(chapter.deps)
    url = chapter.urls.media(image)
    assert (await world.network.send("GET", url, {})).status_code == 200
    await chapter.write(lambda tx: delete_post(tx, post.id))
    await tidy.do(chapter.deps)
    assert (await world.network.send("GET", url, {})).status_code == 404
