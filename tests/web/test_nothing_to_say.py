"""A page of a chapter that has nothing yet: no section stands there only to say so."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.chapter import Instance
from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.store import events, instance, local_actors, posts
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.ids import CountedIds
from tests.kit.neighbourhood import BASE, CHAPTER, a_post, an_event, deps_for, post_id, site_app

pytestmark = pytest.mark.anyio
OPEN = an_event(1, "The first evening", 3, rsvp=RsvpMode.ON)
OVER = an_event(2, "An evening alone", -3, rsvp=RsvpMode.ON)


def begin(tx: WriteTx) -> None:
    instance.insert(tx, Instance("eastside.example.org", BASE, CHAPTER.created_at))
    local_actors.insert(tx, CHAPTER)


@pytest.fixture
async def quiet(
    sqlite_db: Database, clock: SetClock, ids: CountedIds, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a chapter that was founded a moment ago."""
    await sqlite_db.write(begin)
    transport = httpx.ASGITransport(app=site_app(deps_for(sqlite_db, clock, ids, tmp_path)))
    headers = {"Accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client


async def test_home_has_no_section_without_content_and_says_what_one_can_do(
    quiet: httpx.AsyncClient,
) -> None:
    html = (await quiet.get("/")).text
    assert 'id="news"' not in html
    assert 'id="near"' not in html
    assert "Follow us and you will hear of the next meeting first." in html


async def test_about_counts_nothing_that_is_not_there(quiet: httpx.AsyncClient) -> None:
    html = (await quiet.get("/about")).text
    assert "<dd>0</dd>" not in html
    assert "here since" in html


async def test_nothing_was_said_and_nothing_says_so(
    quiet: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: [events.insert(tx, event) for event in (OPEN, OVER)])
    for event in (OPEN, OVER):
        html = (await quiet.get(f"/events/{event.id}")).text
        for said in ('id="talk"', "0 likes", "0 shares", "Nobody"):
            assert said not in html
        assert "Reply or share from your own server" in html
    assert 'id="rsvp"' not in (await quiet.get(f"/events/{OVER.id}")).text


async def test_a_post_nobody_answered_has_a_way_to_answer_and_no_count(
    quiet: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: posts.insert(tx, a_post(1, "<p>Hello</p>")))
    html = (await quiet.get(f"/posts/{post_id(1)}")).text
    assert 'id="talk"' not in html
    assert 'action="/follow"' in html
