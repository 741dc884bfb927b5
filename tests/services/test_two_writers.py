"""Two organizers who write in the same moment: what both were told is what stands there.

On PostgreSQL two transactions are really under way at once; each pair of writers is let go
together, and many pairs are tried, because what is lost is lost by chance.
"""

import asyncio
from collections.abc import Callable

import pytest

from fedi_chapter.core.errors import Gone
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.happening import Boosted, FollowerAccepted, Happening, KeyRotated
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.federation import learning
from fedi_chapter.services import boosts, chapters, moderation, organizers, posts, series
from fedi_chapter.services import events as event_service
from fedi_chapter.services.chapters import NewKey, ProfileFields, found
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.posts import PostFields
from fedi_chapter.services.series_change import edit_following
from fedi_chapter.settings import Settings
from fedi_chapter.store import events, followers, hosts, local_actors, local_keys, remote_actors
from fedi_chapter.store import organizers as organizer_rows
from fedi_chapter.store import posts as post_rows
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import a_remote_actor
from tests.services.conftest import FOUNDING, KEYS, URLS, House

pytestmark = pytest.mark.anyio
FEW, MANY = 12, 300
NEIGHBOUR = a_remote_actor()
SETTINGS = Settings()
Work = Callable[[WriteTx], object]

some_and_many = pytest.mark.parametrize("pairs", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])


@pytest.fixture
async def house(db: Database) -> House:
    chapter, _ = await db.write(lambda tx: found(tx, FOUNDING, KEYS, KEYS))
    house = House(db, chapter)
    # Both find their connection open: else the first would be done before the other has one.
    await asyncio.gather(*(house.do(lambda tx: events.listing(tx, chapter.id)) for _ in range(2)))
    return house


async def both(house: House, one: Work, other: Work) -> list[object]:
    """Let two writers go at once; return what each was told."""
    return await asyncio.gather(house.do(one), house.do(other), return_exceptions=True)


async def written(house: House) -> PostId:
    fields = PostFields(text="Bring a fork", visibility=Visibility.PUBLIC)
    post = await house.do(lambda tx: posts.create_post(tx, house.chapter, fields, URLS))
    return post.id


async def stored(house: House, post_id: PostId) -> Post:
    post = await house.see(lambda tx: post_rows.get(tx, post_id))
    assert post
    return post


@some_and_many
async def test_two_edits_of_a_post_at_once_both_stand(house: House, pairs: int) -> None:
    for _ in range(pairs):
        post_id = await written(house)
        text, title = PostFields(text="Bring a spoon #soup"), PostFields(title="Supper")
        told = await both(
            house,
            lambda tx, i=post_id, f=text: posts.edit_post(tx, i, f, URLS),  # type: ignore[misc]
            lambda tx, i=post_id, f=title: posts.edit_post(tx, i, f, URLS),  # type: ignore[misc]
        )
        assert not any(isinstance(each, Exception) for each in told)
        after = await stored(house, post_id)
        assert (after.source, after.title) == ("Bring a spoon #soup", "Supper")
        assert (after.tags, after.revision) == (("soup",), 2)


@some_and_many
async def test_an_edit_does_not_bring_back_a_post_that_is_deleted(house: House, pairs: int) -> None:
    for _ in range(pairs):
        post_id = await written(house)
        deleted, edited = await both(
            house,
            lambda tx, i=post_id: posts.delete_post(tx, i),  # type: ignore[misc]
            lambda tx, i=post_id: posts.edit_post(tx, i, PostFields(title="New"), URLS),  # type: ignore[misc]
        )
        assert deleted is None
        assert isinstance(edited, Post | Gone)
        assert (await stored(house, post_id)).deleted_at


async def test_a_post_that_two_delete_at_once_is_deleted_once(house: House) -> None:
    post_id = await written(house)

    def delete(tx: WriteTx) -> None:
        posts.delete_post(tx, post_id)

    told = await both(house, delete, delete)
    assert sorted(type(each).__name__ for each in told) == ["Gone", "NoneType"]


@some_and_many
async def test_two_edits_of_the_profile_at_once_both_stand(house: House, pairs: int) -> None:
    for number in range(pairs):
        name, summary = f"Chapter {number}", f"Number {number}"
        await both(
            house,
            lambda tx, n=name: chapters.edit_profile(  # type: ignore[misc]
                tx, house.chapter, ProfileFields(name=n), URLS
            ),
            lambda tx, s=summary: chapters.edit_profile(  # type: ignore[misc]
                tx, house.chapter, ProfileFields(summary=s), URLS
            ),
        )
        after = await house.see(local_actors.chapter)
        assert after
        assert (after.name, after.summary) == (name, summary)


@some_and_many
async def test_one_date_edited_while_its_series_changes_keeps_both(
    house: House, pairs: int
) -> None:
    weekly = EventFields(name="Canvass", start="2026-12-19T10:00")
    first = await house.do(
        lambda tx: series.create_series(tx, house.chapter, weekly, "FREQ=WEEKLY;COUNT=3", URLS)
    )
    for number in range(pairs):
        bring, seats = EventFields(bring=f"Tea {number}"), EventFields(capacity=number + 1)
        told = await both(
            house,
            lambda tx, f=bring: edit_following(tx, first.id, f, URLS),  # type: ignore[misc]
            lambda tx, f=seats: event_service.edit_event(tx, first.id, f, URLS),  # type: ignore[misc]
        )
        assert not any(isinstance(each, Exception) for each in told)
        after = await house.see(lambda tx: events.get(tx, first.id))
        assert after
        assert (after.bring, after.capacity) == (bring.bring, seats.capacity)


async def test_one_date_deleted_while_its_series_changes_stays_deleted(house: House) -> None:
    for number in range(FEW):
        weekly = EventFields(name="Canvass", start=f"2026-12-{number + 1:02}T10:00")
        first = await house.do(
            lambda tx, f=weekly: series.create_series(  # type: ignore[misc]
                tx, house.chapter, f, "FREQ=WEEKLY;COUNT=3", URLS
            )
        )
        await both(
            house,
            lambda tx, i=first.id: event_service.delete_event(tx, i),  # type: ignore[misc]
            lambda tx, i=first.id: edit_following(tx, i, EventFields(bring="Tea"), URLS),  # type: ignore[misc]
        )
        after = await house.see(lambda tx, i=first.id: events.get(tx, i))  # type: ignore[misc]
        assert after
        assert after.deleted_at


async def test_two_who_are_invited_without_a_name_at_once_are_two(house: House) -> None:
    def invite(tx: WriteTx) -> object:
        return organizers.invite(tx, None, Role.GREETER)

    for _ in range(FEW):
        await both(house, invite, invite)
    listed = await house.see(organizer_rows.listing)
    assert len([each for each in listed if each.role is Role.GREETER]) == 2 * FEW


async def test_two_new_keys_at_once_are_two_keys_one_after_the_other(house: House) -> None:
    def rotate(tx: WriteTx, name: bytes) -> str:
        new = NewKey("rsa", name, name.decode())
        return chapters.rotate_key(tx, house.chapter, new, URLS)

    told = await both(house, lambda tx: rotate(tx, b"one"), lambda tx: rotate(tx, b"two"))
    assert {*told} == {f"{URLS.actor(house.chapter)}#main-key-{number}" for number in (2, 3)}
    current = await house.see(lambda tx: local_keys.current(tx, house.chapter.id, "rsa"))
    assert current
    assert current.fragment == "main-key-3"
    assert await count(house, KeyRotated) == 2


async def test_what_two_boost_at_once_is_boosted_once(house: House) -> None:
    for number in range(FEW):
        uri = f"https://elm.example/notes/{number}"

        def boost(tx: WriteTx, of: str = uri) -> object:
            return boosts.boost(tx, house.chapter, of, "https://elm.example/users/ana")

        await both(house, boost, boost)
    assert await count(house, Boosted) == FEW


async def test_who_leaves_while_they_are_let_in_does_not_stay(house: House) -> None:
    await house.do(lambda tx: remote_actors.put(tx, NEIGHBOUR))
    for number in range(FEW):
        waits = f"{NEIGHBOUR.uri}#follow-{number}"
        await house.do(
            lambda tx, activity=waits: followers.put(  # type: ignore[misc]
                tx, house.chapter.id, NEIGHBOUR.uri, activity, FollowState.PENDING
            )
        )
        await both(
            house,
            lambda tx: followers.remove(tx, house.chapter.id, NEIGHBOUR.uri),
            lambda tx: moderation.allow(tx, NEIGHBOUR.host),
        )
        assert await house.see(lambda tx: followers.listing(tx, house.chapter.id)) == []
    assert await count(house, FollowerAccepted) <= FEW


async def count(house: House, kind: type[Happening]) -> int:
    return sum(isinstance(each, kind) for each in await house.happenings())


@some_and_many
async def test_who_sends_an_event_while_it_says_what_it_runs_is_known_for_both(
    house: House, pairs: int
) -> None:
    for number in range(pairs):
        host = f"h{number}.test"
        await house.do(lambda tx, h=host: learning.heard(tx, SETTINGS, h, None, None))  # type: ignore[misc]
        told = await both(
            house,
            lambda tx, h=host: learning.heard(tx, SETTINGS, h, "brand-new", "1"),  # type: ignore[misc]
            lambda tx, h=host: learning.sent_event(tx, SETTINGS, h),  # type: ignore[misc]
        )
        assert not any(told)
        known = await house.see(lambda tx, h=host: hosts.get(tx, h))  # type: ignore[misc]
        assert known
        assert (known.software, known.takes_events) == ("brand-new", True)
