"""Every noun goes in and comes out as it was, and lists know their order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import IntegrityError

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import OperatorError
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import StoredKey
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.post import Mention
from fedi_chapter.store import (
    activities,
    boosts,
    events,
    instance,
    local_actors,
    local_keys,
    media,
    organizers,
    posts,
    tombstones,
)
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.kit.builders import (
    CHAPTER_ID,
    EVENT_ID,
    INSTANCE_ID,
    NOW,
    PLACE,
    POST_ID,
    a_chapter,
    a_post,
    an_event,
    an_image,
    founded,
)

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def test_the_origin_can_move_while_nobody_follows(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: instance.change_base(tx, "https://new.example"))
    known = await db.read(instance.get)
    assert known is not None
    assert (known.base_url, known.domain) == ("https://new.example", "chapter.example")


async def test_a_chapter_comes_back_as_it_was_stored(db: Database) -> None:
    chapter = await founded(db)
    assert await db.read(local_actors.chapter) == chapter
    assert await db.read(lambda tx: local_actors.by_handle(tx, "MINNEAPOLIS")) == chapter
    assert await db.read(lambda tx: local_actors.by_handle(tx, "nobody")) is None
    relay = await db.read(local_actors.instance_actor)
    assert relay is not None
    assert relay.id == INSTANCE_ID
    assert await db.read(local_actors.everyone) == [chapter, relay]


async def test_a_chapters_profile_can_be_changed(db: Database) -> None:
    await founded(db)
    image = an_image()
    changed = a_chapter(
        name="New", area=None, icon=image, also_known_as=("https://old.example/chapter",)
    )

    def work(tx: WriteTx) -> None:
        media.insert(tx, image)
        local_actors.change(tx, changed)

    await db.write(work)
    assert await db.read(lambda tx: local_actors.get(tx, CHAPTER_ID)) == changed


async def test_the_newest_key_signs_and_a_retired_one_is_still_found(db: Database) -> None:
    first = StoredKey(CHAPTER_ID, "rsa", "main-key", b"sealed", "PEM", NOW)
    second = replace(first, fragment="main-key-2")
    await founded(db)
    await db.write(lambda tx: local_keys.insert(tx, first))
    assert await db.read(lambda tx: local_keys.current(tx, CHAPTER_ID, "rsa")) == first

    def rotate(tx: WriteTx) -> None:
        local_keys.insert(tx, second)
        local_keys.retire(tx, CHAPTER_ID, "main-key")

    await db.write(rotate)
    assert await db.read(lambda tx: local_keys.current(tx, CHAPTER_ID, "rsa")) == second
    assert await db.read(lambda tx: local_keys.published(tx, CHAPTER_ID)) == [second]
    old = await db.read(lambda tx: local_keys.by_fragment(tx, CHAPTER_ID, "main-key"))
    assert old == replace(first, retired_at=NOW)
    with pytest.raises(OperatorError):
        await db.read(lambda tx: local_keys.current(tx, CHAPTER_ID, "ed25519"))


async def test_a_sign_in_link_works_once_and_not_for_ever(db: Database, clock: SetClock) -> None:
    def work(tx: WriteTx) -> str:
        ana = organizers.put(tx, "Ana", Role.OWNER).id
        organizers.put_link(tx, ana, "one", NOW + DAY)
        organizers.put_link(tx, ana, "two", NOW + DAY)
        return ana

    ana = await db.write(work)
    used = await db.write(lambda tx: organizers.use_link(tx, "one"))
    assert used
    assert used.name == "Ana"
    assert await db.write(lambda tx: organizers.use_link(tx, "one")) is None
    assert await db.write(lambda tx: organizers.use_link(tx, "three")) is None
    clock.advance(DAY)
    assert await db.write(lambda tx: organizers.use_link(tx, "two")) is None
    listed = await db.read(organizers.listing)
    assert [(each.id, each.name, each.role) for each in listed] == [(ana, "Ana", "owner")]


async def test_an_event_comes_back_as_it_was_stored(db: Database) -> None:
    event = an_event(images=(an_image(),), tags=("B", "A"), capacity=30, approval=True)
    await founded(db)

    def work(tx: WriteTx) -> None:
        media.insert(tx, an_image())
        events.insert(tx, event)

    await db.write(work)
    assert await db.read(lambda tx: events.get(tx, EVENT_ID)) == event
    assert await db.read(lambda tx: media.get(tx, an_image().id)) == an_image()
    assert await db.read(lambda tx: events.place(tx, PLACE.id)) == PLACE
    changed = replace(event, name="Other", place=None, images=(), tags=("C",), deleted_at=NOW)
    await db.write(lambda tx: events.change(tx, changed))
    assert await db.read(lambda tx: events.get(tx, EVENT_ID)) == changed
    assert await db.read(lambda tx: events.place(tx, PLACE.id)) is None


async def test_tags_that_differ_in_letter_case_are_one(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: events.insert(tx, an_event(tags=("Fun", "FUN", "fun"))))
    found = await db.read(lambda tx: events.get(tx, EVENT_ID))
    assert found is not None
    assert found.tags == ("Fun",)


async def test_other_servers_are_told_of_public_events_that_are_not_over(
    db: Database, clock: SetClock
) -> None:
    await founded(db)

    def work(tx: WriteTx) -> None:
        for number, overrides in enumerate(
            [
                {"starts_at": NOW + 2 * DAY, "ends_at": None, "published_at": NOW - DAY},
                {},
                {"starts_at": NOW - DAY, "ends_at": NOW - DAY / 2},
                {"published_at": None},
                {"deleted_at": NOW},
                {"visibility": Visibility.LOCAL},
                {"visibility": Visibility.UNLISTED},
            ]
        ):
            events.insert(tx, an_event(id=f"e{number}", **overrides))

    await db.write(work)

    def names(tx: ReadTx) -> list[list[str]]:
        lists = (
            events.upcoming(tx, CHAPTER_ID, limit=9),
            events.upcoming(tx, CHAPTER_ID, limit=9, listed_only=False),
            events.published(tx, CHAPTER_ID, limit=9),
            events.published(tx, CHAPTER_ID, limit=9, before=NOW),
            events.listing(tx, CHAPTER_ID),
        )
        return [[each.id for each in found] for found in lists]

    soon, all_soon, told, before, own = await db.read(names)
    assert soon == ["e1", "e0"]
    assert all_soon == ["e1", "e5", "e6", "e0"]
    assert told == ["e2", "e1", "e0"]
    assert before == ["e0"]
    assert own == ["e2", "e1", "e3", "e5", "e6", "e0"]
    assert await db.read(lambda tx: events.count(tx, CHAPTER_ID)) == 3
    clock.advance(2 * DAY + timedelta(hours=1))
    left = await db.read(lambda tx: events.upcoming(tx, CHAPTER_ID, limit=9))
    assert [each.id for each in left] == ["e0"]


async def test_a_page_of_events_costs_three_queries_however_long(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: [events.insert(tx, an_event(id=f"e{n}")) for n in range(20)])

    def counted(tx: ReadTx) -> int:
        seen: list[str] = []

        def note(*call: object) -> None:
            seen.append(str(call[2]))

        sqlalchemy_event.listen(tx.conn, "before_cursor_execute", note)
        assert len(events.upcoming(tx, CHAPTER_ID, limit=20)) == 20
        sqlalchemy_event.remove(tx.conn, "before_cursor_execute", note)
        return len(seen)

    assert await db.read(counted) == 3


async def test_a_post_comes_back_as_it_was_stored(db: Database) -> None:
    ana = Mention("https://a.example/ana", "https://a.example/@ana", "ana@a.example")
    post = a_post(mentions=(ana,), title="News", in_reply_to="https://a.example/1")
    await founded(db)
    await db.write(lambda tx: posts.insert(tx, post))
    assert await db.read(lambda tx: posts.get(tx, POST_ID)) == post
    changed = replace(post, html="<p>Other</p>", mentions=(), tags=(), updated_at=NOW, revision=1)
    await db.write(lambda tx: posts.change(tx, changed))
    assert await db.read(lambda tx: posts.get(tx, POST_ID)) == changed


async def test_posts_are_listed_newest_first_and_told_when_public(db: Database) -> None:
    await founded(db)

    def work(tx: WriteTx) -> None:
        posts.insert(tx, a_post(id="p1", published_at=NOW - DAY))
        posts.insert(tx, a_post(id="p2"))
        posts.insert(tx, a_post(id="p3", visibility=Visibility.FOLLOWERS))
        posts.insert(tx, a_post(id="p4", deleted_at=NOW))

    await db.write(work)
    told = await db.read(lambda tx: posts.published(tx, CHAPTER_ID, limit=9))
    assert [each.id for each in told] == ["p2", "p1"]
    older = await db.read(lambda tx: posts.published(tx, CHAPTER_ID, limit=9, before=NOW))
    assert [each.id for each in older] == ["p1"]
    own = await db.read(lambda tx: posts.listing(tx, CHAPTER_ID))
    assert [each.id for each in own] == ["p3", "p2", "p1"]
    assert await db.read(lambda tx: posts.count(tx, CHAPTER_ID)) == 2


async def test_a_boost_is_active_until_it_is_taken_back(db: Database) -> None:
    await founded(db)
    thing, author = "https://a.example/1", "https://a.example/ana"
    boost = await db.write(lambda tx: boosts.insert(tx, CHAPTER_ID, thing, author))
    assert await db.read(lambda tx: boosts.active(tx, CHAPTER_ID, thing)) == boost
    assert await db.read(lambda tx: boosts.listing(tx, CHAPTER_ID)) == [boost]
    await db.write(lambda tx: boosts.undo(tx, boost.id))
    assert await db.read(lambda tx: boosts.active(tx, CHAPTER_ID, thing)) is None
    assert await db.read(lambda tx: boosts.get(tx, boost.id)) == replace(boost, undone_at=NOW)


async def test_a_tombstone_remembers_the_first_deletion(db: Database) -> None:
    await db.write(lambda tx: tombstones.put(tx, "https://a.example/1", "Note", ours=False))
    await db.write(lambda tx: tombstones.put(tx, "https://a.example/1", None, ours=True))
    stone = await db.read(lambda tx: tombstones.get(tx, "https://a.example/1"))
    assert stone == tombstones.Tombstone("https://a.example/1", "Note", NOW, False)
    assert await db.read(lambda tx: tombstones.has(tx, "https://a.example/2")) is False


async def test_an_activity_is_kept_once(db: Database) -> None:
    await founded(db)

    def put(tx: WriteTx, body: bytes) -> int:
        return activities.put(
            tx, uri="u", type="Create", actor_id=CHAPTER_ID, object_uri="o", body=body, digest="d"
        )

    first = await db.write(lambda tx: put(tx, b"one"))
    assert await db.write(lambda tx: put(tx, b"two")) == first
    assert await db.read(lambda tx: activities.get(tx, "u")) == b"one"
    assert await db.read(lambda tx: activities.get(tx, "v")) is None


async def test_a_row_of_nobody_is_refused(db: Database) -> None:
    with pytest.raises(IntegrityError):
        await db.write(lambda tx: posts.insert(tx, a_post()))
