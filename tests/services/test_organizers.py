"""Who may act for the chapter: links that work once, sessions that end, names that stay."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import FormInvalid, Missing, NotAllowed
from fedi_chapter.domain.organizer import MAY, Right, Role
from fedi_chapter.services import organizers as subject
from fedi_chapter.services.retention import sweep
from fedi_chapter.store import organizers
from fedi_chapter.store.pages.console import console
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.desk import seed_desk
from tests.kit.neighbourhood import URLS, seed

pytestmark = pytest.mark.anyio


def entered(tx: WriteTx, name: str = "Ana", role: Role = Role.ORGANIZER) -> str:
    """Invite somebody and sign them in; return the session's token."""
    _, link = subject.invite(tx, name, role)
    return subject.sign_in(tx, link, instead_of=None)


def test_every_role_has_its_line_of_rights() -> None:
    assert set(MAY) == set(Role)
    assert MAY[Role.OWNER] == frozenset(Right)
    assert MAY[Role.GREETER] == {Right.GREET}


async def test_an_invitation_works_once_within_a_day(db: Database, clock: SetClock) -> None:
    _, one = await db.write(lambda tx: subject.invite(tx, "Ana", Role.ORGANIZER))
    _, two = await db.write(lambda tx: subject.invite(tx, "Ana", None))
    assert one != two
    await db.write(lambda tx: subject.sign_in(tx, one, instead_of=None))
    with pytest.raises(NotAllowed):
        await db.write(lambda tx: subject.sign_in(tx, one, instead_of=None))
    clock.advance(subject.LINK)
    with pytest.raises(NotAllowed):
        await db.write(lambda tx: subject.sign_in(tx, two, instead_of=None))


async def test_who_is_invited_without_a_name_is_named_by_the_role(db: Database) -> None:
    for _ in range(3):
        await db.write(lambda tx: subject.invite(tx, None, Role.MODERATOR))
    listed = await db.read(organizers.listing)
    assert [each.name for each in listed] == ["Moderator", "Moderator 2", "Moderator 3"]


@pytest.mark.parametrize("name", ["", " Ana", "A\nna", "x" * 101, "An\u202ea"])
async def test_a_name_that_can_not_be_shown_is_refused(db: Database, name: str) -> None:
    with pytest.raises(FormInvalid):
        await db.write(lambda tx: subject.invite(tx, name, Role.GREETER))


async def test_somebody_new_needs_a_role(db: Database) -> None:
    with pytest.raises(FormInvalid) as refused:
        await db.write(lambda tx: subject.invite(tx, "Ana", None))
    assert refused.value.cure


async def test_a_fresh_link_leaves_the_sessions_of_its_organizer_open(db: Database) -> None:
    token = await db.write(entered)
    await db.write(lambda tx: subject.invite(tx, "Ana", Role.ORGANIZER))
    session = await db.read(lambda tx: subject.session_of(tx, token))
    assert session
    assert session.organizer.name == "Ana"


async def test_another_role_ends_the_sessions_held_with_the_one_before(db: Database) -> None:
    token = await db.write(entered)
    changed, _ = await db.write(lambda tx: subject.invite(tx, "Ana", Role.GREETER))
    assert changed.role is Role.GREETER
    assert await db.read(lambda tx: subject.session_of(tx, token)) is None


async def test_who_is_removed_has_no_session_and_no_link_and_may_come_back(db: Database) -> None:
    tokens = [await db.write(entered) for _ in range(2)]
    other = await db.write(lambda tx: entered(tx, "Ben"))
    _, waiting = await db.write(lambda tx: subject.invite(tx, "Ana", None))
    await db.write(lambda tx: subject.remove(tx, "Ana"))
    for token in tokens:
        assert await db.read(lambda tx, token=token: subject.session_of(tx, token)) is None  # type: ignore[misc]
    with pytest.raises(NotAllowed):
        await db.write(lambda tx: subject.sign_in(tx, waiting, instead_of=None))
    assert await db.read(lambda tx: subject.session_of(tx, other))
    with pytest.raises(Missing):
        await db.write(lambda tx: subject.remove(tx, "Ana"))
    again, _ = await db.write(lambda tx: subject.invite(tx, "Ana", Role.GREETER))
    assert again in await db.read(organizers.listing)
    assert await db.read(lambda tx: subject.session_of(tx, tokens[0])) is None


async def test_signing_in_on_top_of_a_session_replaces_it(db: Database) -> None:
    old = await db.write(entered)
    _, link = await db.write(lambda tx: subject.invite(tx, "Ana", None))
    new = await db.write(lambda tx: subject.sign_in(tx, link, instead_of=old))
    assert await db.read(lambda tx: subject.session_of(tx, old)) is None
    assert await db.read(lambda tx: subject.session_of(tx, new))


async def test_a_session_asks_to_be_noted_now_and_then_only(db: Database, clock: SetClock) -> None:
    token = await db.write(entered)

    async def due() -> bool:
        session = await db.read(lambda tx: subject.session_of(tx, token))
        assert session
        return session.due

    assert not await due()
    clock.advance(subject.NOTED + timedelta(seconds=1))
    assert await due()
    await db.write(lambda tx: subject.stay(tx, token))
    assert not await due()


async def test_sessions_nobody_uses_are_swept_out(db: Database, clock: SetClock) -> None:
    await db.write(entered)
    clock.advance(subject.IDLE - timedelta(hours=1))
    used = await db.write(lambda tx: entered(tx, "Ben"))
    clock.advance(timedelta(hours=2))
    assert (await db.write(lambda tx: sweep(tx, URLS)))["sessions"] == 1
    assert await db.read(lambda tx: subject.session_of(tx, used))


async def test_the_desk_is_read_alike_from_both_databases(db: Database) -> None:
    await db.write(seed)
    await db.write(seed_desk)
    desk = await db.read(console)
    assert [(each.host, each.waiting, each.failed) for each in desk.troubled] == [
        ("gone.example.com", 0, 1),
        ("slow.example.com", 1, 0),
    ]
    assert [each.host for each in desk.waiting] == ["far.example.net"]
    assert (desk.followers, len(desk.replies), len(desk.reports)) == (1, 2, 1)
    assert [event.is_draft for event in desk.events].count(True) == 1
    starts = [event.starts_at for event in desk.events]
    assert starts == sorted(starts)
