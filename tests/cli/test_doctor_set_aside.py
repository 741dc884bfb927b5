"""What `doctor` and `queue` say of what no try could finish."""

from typing import Any

import pytest

from fedi_chapter.cli.checks_here import _set_aside
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.notice import NoticeKind, NoticeRoute
from fedi_chapter.services import notices
from fedi_chapter.store import events, inbox, notice_queue
from fedi_chapter.store.tx import WriteTx
from tests.kit.world import LEASE, Chapter, World, world

__all__ = ["world"]
pytestmark = pytest.mark.anyio


def fail_at_an_activity(tx: WriteTx) -> None:
    inbox.put_many(tx, [Incoming("https://b.test/1", "https://b.test/u", "Like", b"{}")])
    (job,) = inbox.claim(tx, 1, LEASE)
    inbox.park(tx, job.id, "RuntimeError: bug")


async def fail_at_a_stranger(chapter: Chapter) -> None:
    """Fail at asking somebody back of whom no answer is kept."""
    uri = await chapter.event("Picnic")

    def fail(tx: WriteTx) -> None:
        event: Any = events.get(tx, EventId(uri.rpartition("/")[2]))
        somebody = "https://b.test/users/somebody"
        notices.tell_actor(tx, event, somebody, NoticeKind.UNSURE, occasion="reply")
        (job,) = notice_queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT)
        notice_queue.park(tx, job.id, "the account has no inbox")

    await chapter.write(fail)


async def test_with_nothing_set_aside_all_is_well(world: World) -> None:
    found = await _set_aside((await world.chapter("a.test")).deps)
    assert (found.ok, found.cause) == (True, None)


async def test_a_job_set_aside_is_a_finding_with_its_cure(world: World) -> None:
    chapter = await world.chapter("a.test")
    await chapter.write(fail_at_an_activity)
    found = await _set_aside(chapter.deps)
    assert not found.ok
    assert (found.cause or "").startswith("1 of what came in, 0 of what happened here, 0 of")
    assert "queue list --state parked" in (found.cure or "")
    assert "queue retry" in (found.cure or "")


async def test_a_notice_nobody_can_be_told_any_more_is_named_and_needs_no_cure(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    await fail_at_a_stranger(chapter)
    found = await _set_aside(chapter.deps)
    assert found.ok
    assert (found.cause or "").startswith("lost notices: 1 ")
    await chapter.write(fail_at_an_activity)
    both = await _set_aside(chapter.deps)
    assert not both.ok
    assert "lost notices: 1 " in (both.cause or "")
