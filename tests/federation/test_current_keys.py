from datetime import timedelta

import pytest

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.federation import signing
from fedi_chapter.services.chapters import NewKey, rotate_key
from fedi_chapter.sig.keys import public_pem
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

A_DAY = timedelta(days=1)


async def _rotate(chapter: Chapter, world: World) -> str:
    ring = chapter.deps.keys
    new = NewKey("rsa", ring.seal(world.their_key), public_pem(world.their_key))
    return await chapter.write(lambda tx: rotate_key(tx, chapter.actor, new, chapter.urls))


async def test_a_key_is_opened_once_as_long_as_it_is_current(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = await world.chapter("a.test")
    first = await signing.current_key(chapter.deps, chapter.actor.id)
    fetching = await signing.instance_key(chapter.deps)

    def no_opening(*_: object) -> None:
        raise AssertionError("the key was opened again")

    monkeypatch.setattr("fedi_chapter.sig.keys.KeyRing.unseal", no_opening)
    world.clock.advance(A_DAY)
    assert await signing.current_key(chapter.deps, chapter.actor.id) is first
    assert await signing.instance_key(chapter.deps) is fetching
    assert first.id != fetching.id


async def test_a_rotated_key_signs_nothing_more_whichever_process_rotated_it(world: World) -> None:
    chapter = await world.chapter("a.test")
    old = await signing.current_key(chapter.deps, chapter.actor.id)
    new_id = await _rotate(chapter, world)
    assert (await signing.current_key(chapter.deps, chapter.actor.id)).id == new_id
    assert (await signing.key_by_id(chapter.deps, old.id)).id == old.id


async def test_an_actor_that_is_not_there_is_looked_for_each_time(world: World) -> None:
    chapter = await world.chapter("a.test")
    for _ in range(2):
        with pytest.raises(Missing):
            await signing.current_key(chapter.deps, ActorId("nobody"))
    assert "nobody" not in chapter.deps.signing
