"""What `doctor` says of the mail server: up, away, or not wanted."""

import pytest

from fedi_chapter.cli.checks_here import _mail
from tests.kit.mail_server import MailServer
from tests.kit.world import World, world

__all__ = ["world"]
pytestmark = pytest.mark.anyio


async def test_a_mail_server_that_answers_is_well_and_gets_no_letter(world: World) -> None:
    async with MailServer() as server:
        chapter = await world.chapter("a.test", smtp_url=server.url)
        found = await _mail(chapter.deps)
    assert (found.ok, found.cause) == (True, "as events@chapter.example")
    assert server.letters == []


async def test_a_mail_server_that_is_away_is_named_with_a_cure(world: World) -> None:
    async with MailServer() as server:
        chapter = await world.chapter("a.test", smtp_url=server.url)
    found = await _mail(chapter.deps)
    assert not found.ok
    assert f"127.0.0.1:{server.port}" in (found.cause or "")
    assert "SMTP_URL" in (found.cure or "")


async def test_a_wrong_password_is_a_finding_and_is_not_shown(world: World) -> None:
    async with MailServer(login=(b"sam", b"right")) as server:
        url = server.url.replace("smtp://", "smtp://sam:hunter2@")
        chapter = await world.chapter("a.test", smtp_url=url)
        found = await _mail(chapter.deps)
    assert not found.ok
    assert "hunter2" not in f"{found}"


async def test_without_mail_all_else_is_well(world: World) -> None:
    chapter = await world.chapter("a.test")
    found = await _mail(chapter.deps)
    assert found.ok
    assert "SMTP_URL" in (found.cause or "")
