from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import AlreadyDone, FormInvalid
from fedi_chapter.domain.chapter import ActorKind
from fedi_chapter.domain.happening import ActorChanged, KeyRotated
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.place import Point
from fedi_chapter.services import chapters as subject
from fedi_chapter.services.chapters import NewKey, ProfileFields
from fedi_chapter.services.organizers import token_hash
from fedi_chapter.store import instance, local_actors, local_keys, organizers
from fedi_chapter.store.tx import Database
from tests.services.conftest import FOUNDING, KEYS, House

pytestmark = pytest.mark.anyio


async def test_a_founded_chapter_has_two_actors_with_keys_and_an_organizer(house: House) -> None:
    founded = await house.see(instance.get)
    assert founded is not None
    assert (founded.domain, founded.base_url) == ("example.org", "https://chapter.example.org")
    everyone = await house.see(local_actors.everyone)
    assert {(each.kind, each.handle) for each in everyone} == {
        (ActorKind.CHAPTER, "atlanta"),
        (ActorKind.INSTANCE, "relay"),
    }
    for actor in everyone:
        key = await house.see(lambda tx, actor=actor: local_keys.current(tx, actor.id, "rsa"))  # type: ignore[misc]
        assert key is not None
        assert (key.fragment, key.public_pem) == ("main-key", "PEM RSA")
    assert [each.role for each in await house.see(organizers.listing)] == ["owner"]
    assert await house.happenings() == []


async def test_the_first_sign_in_link_works_once_and_a_week(
    sqlite_db: Database, clock: SetClock
) -> None:
    _, token = await sqlite_db.write(lambda tx: subject.found(tx, FOUNDING, KEYS, KEYS))
    hashed = token_hash(token)
    clock.advance(timedelta(days=6))
    used = await sqlite_db.write(lambda tx: organizers.use_link(tx, hashed))
    assert used
    assert (used.name, used.role) == ("Organizer", Role.OWNER)
    assert await sqlite_db.write(lambda tx: organizers.use_link(tx, hashed)) is None


async def test_a_second_founding_is_refused(house: House) -> None:
    with pytest.raises(AlreadyDone) as refused:
        await house.do(lambda tx: subject.found(tx, FOUNDING, KEYS, KEYS))
    assert refused.value.cure


@pytest.mark.parametrize("handle", ["", "Atlanta", "a b", "a-b", "relay", "x" * 31, "ä", "a\n"])
def test_a_handle_that_others_could_not_write_is_refused(handle: str) -> None:
    with pytest.raises(FormInvalid):
        subject.handle_of(handle)


@pytest.mark.parametrize(
    "fields",
    [
        ProfileFields(name=""),
        ProfileFields(name="\u3164"),
        ProfileFields(timezone="Nowhere"),
        ProfileFields(language="?"),
        ProfileFields(lat=1.0),
        ProfileFields(radius_km=5.0),
        ProfileFields(lat=1.0, lon=2.0, radius_km=-1.0),
        ProfileFields(email="nobody"),
        ProfileFields(email="a@b.example\nBcc: c@d.example"),
    ],
)
async def test_a_wrong_profile_is_refused_and_nothing_changes(
    house: House, fields: ProfileFields
) -> None:
    with pytest.raises(FormInvalid) as refused:
        await house.do(lambda tx: subject.edit_profile(tx, house.chapter, fields, house.urls))
    assert refused.value.cure
    assert await house.see(local_actors.chapter) == house.chapter


async def test_a_changed_profile_is_announced(house: House) -> None:
    fields = ProfileFields(summary="We *care*.", lat=33.7, lon=-84.4, radius_km=25.0)
    changed = await house.do(lambda tx: subject.edit_profile(tx, house.chapter, fields, house.urls))
    assert "<em>care</em>" in changed.summary_html
    assert changed.area is not None
    assert (changed.area.name, changed.area.centre) == ("Atlanta", Point(33.7, -84.4))
    assert await house.see(local_actors.chapter) == changed
    assert await house.happenings() == [ActorChanged(house.chapter.id)]
    again = await house.do(lambda tx: subject.edit_profile(tx, changed, fields, house.urls))
    assert again == changed
    assert len(await house.happenings()) == 1


async def test_a_new_key_gets_a_new_name_and_the_old_one_signs_the_news(house: House) -> None:
    new = NewKey("rsa", b"sealed 2", "PEM 2")
    base = f"{house.urls.base}/chapter"
    first = await house.do(lambda tx: subject.rotate_key(tx, house.chapter, new, house.urls))
    second = await house.do(lambda tx: subject.rotate_key(tx, house.chapter, new, house.urls))
    assert (first, second) == (f"{base}#main-key-2", f"{base}#main-key-3")
    current = await house.see(lambda tx: local_keys.current(tx, house.chapter.id, "rsa"))
    assert current is not None
    assert current.fragment == "main-key-3"
    assert await house.happenings() == [
        KeyRotated(house.chapter.id, f"{base}#main-key"),
        KeyRotated(house.chapter.id, f"{base}#main-key-2"),
    ]


async def test_a_founding_without_a_name_is_refused(sqlite_db: Database) -> None:
    nameless = replace(FOUNDING, profile=ProfileFields())
    with pytest.raises(FormInvalid):
        await sqlite_db.write(lambda tx: subject.found(tx, nameless, KEYS, KEYS))
