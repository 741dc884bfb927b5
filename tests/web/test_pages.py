"""What people read: the pages of a sample chapter."""

import json
import re

import httpx
import pytest
from sqlalchemy import ColumnElement, false

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.store import posts, replies
from fedi_chapter.store.tables import events
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.neighbourhood import (
    BASE,
    BUS,
    CANCELLED,
    NOW,
    URLS,
    a_post,
    a_reply,
    event_id,
    post_id,
)

pytestmark = pytest.mark.anyio

PAGES = (
    "/",
    "/calendar",
    "/about",
    "/follow",
    "/tags/transit",
    f"/events/{BUS.id}",
    f"/events/{CANCELLED.id}",
    f"/posts/{post_id(1)}",
    f"/posts/{post_id(2)}",
)


async def text(browser: httpx.AsyncClient, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_one_heading_of_first_level_landmarks_and_a_skip_link(
    browser: httpx.AsyncClient, path: str
) -> None:
    html = await text(browser, path)
    assert html.count("<h1") == 1
    for landmark in ("<main", "<header", "<footer", "<nav"):
        assert landmark in html
    assert 'class="skip" href="#main"' in html
    assert '<html lang="en"' in html


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_carries_no_code_and_no_style_of_its_own(
    browser: httpx.AsyncClient, path: str
) -> None:
    html = await text(browser, path)
    assert "style=" not in html
    assert "<style" not in html
    assert not re.search(r"\son\w+=", html)
    assert re.findall(r"<script(?! type=\"application/ld\+json\")", html) == []
    assert "javascript:" not in html


@pytest.mark.parametrize("path", PAGES)
async def test_every_field_has_a_label_and_every_picture_words_and_a_size(
    browser: httpx.AsyncClient, path: str
) -> None:
    html = await text(browser, path)
    for name in re.findall(r'<input id="(\w+)"', html):
        assert f'<label for="{name}">' in html
    for picture in re.findall(r"<img[^>]*>", html):
        assert re.search(r'alt="[^"]+"', picture)
        assert re.search(r'width="\d+" height="\d+"', picture)


async def test_a_page_with_its_style_and_drawings_stays_under_a_hundred_kilobytes(
    browser: httpx.AsyncClient,
) -> None:
    static = 0
    for name in ("style.css", "street.svg", "windows.svg", "icon.svg"):
        static += len((await browser.get(f"/static/{name}")).content)
    for path in PAGES:
        assert len((await browser.get(path)).content) + static <= 100_000


async def test_home_tells_who_where_what_and_how_to_follow(browser: httpx.AsyncClient) -> None:
    html = await text(browser, "/")
    assert "East Atlanta, Georgia" in html
    assert "Plan our bus stop together" in html
    assert "The city said yes" in html
    assert "@eastside@eastside.example.org" in html
    assert 'action="/follow"' in html
    assert "Repair café" in html
    assert "@westview@westview.example.net" in html


async def test_home_leads_to_what_has_been_only_when_there_is_something(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    async def keep(condition: ColumnElement[bool]) -> str:
        await sqlite_db.write(lambda tx: tx.conn.execute(events.delete().where(~condition)))
        return await text(browser, "/")

    html = await keep(events.c.over_at < NOW)
    assert "Nothing is planned" in html
    assert "See what has been" in html
    html = await keep(false())
    assert "Nothing is planned" in html
    assert "See what has been" not in html


async def test_lists_hold_what_is_listed_and_nothing_else(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/calendar", "/tags/transit"):
        html = await text(browser, path)
        for hidden in ("draft", "followers alone", "those with the address", "Deleted", "haste"):
            assert hidden not in html
    assert "Only on these pages" in await text(browser, "/calendar")
    assert "Street clean-up" in await text(browser, "/calendar")
    home = await text(browser, "/")
    assert "House rules" in home
    assert "among ourselves" not in home


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/events/{event_id(4)}", 404),
        (f"/events/{event_id(5)}", 404),
        (f"/events/{event_id(6)}", 200),
        (f"/events/{event_id(7)}", 200),
        (f"/events/{event_id(8)}", 410),
        (f"/events/{event_id(77)}", 404),
        (f"/posts/{post_id(3)}", 404),
        (f"/posts/{post_id(4)}", 410),
        (f"/posts/{post_id(5)}", 200),
        ("/tags/nobody-uses-this", 404),
        ("/nowhere", 404),
    ],
)
async def test_a_page_is_shown_as_far_as_its_visibility_goes(
    browser: httpx.AsyncClient, path: str, status: int
) -> None:
    assert (await browser.get(path)).status_code == status


async def test_an_event_tells_when_in_its_own_zone_where_and_for_how_many(
    browser: httpx.AsyncClient,
) -> None:
    html = await text(browser, f"/events/{BUS.id}")
    assert 'datetime="2026-11-25T18:30-05:00"' in html
    assert "Wednesday, November 25, 2026" in html
    assert "Eastern Standard Time" in html
    assert "1450 Glenwood Ave SE, Atlanta" in html
    assert "https://www.openstreetmap.org/?mlat=33.74010&amp;mlon=-84.34500" in html
    assert "60 people" in html
    assert "Sign up at forms.example.net" in html
    assert f'href="{BASE}/events/{BUS.id}.ics"' in html


async def test_an_event_shows_replies_to_it_and_to_its_face_harmless_and_by_handle(
    browser: httpx.AsyncClient,
) -> None:
    html = await text(browser, f"/events/{BUS.id}")
    assert "Count me in!" in html
    assert "Hi" in html
    assert "Held for now" not in html
    assert "@mara@social.example.com" in html
    assert "\u202e" not in html
    assert "onerror" not in html
    assert "alert(1)" not in html
    assert "1 like" in html
    assert "1 share" in html


async def test_what_we_answer_stands_in_the_thread_and_so_does_what_follows(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    def talk(tx: WriteTx) -> None:
        mara = "https://social.example.com/notes/1"
        for number, html, answered, changes in (
            (21, "<p>How many are you?</p>", mara, {"published_at": NOW}),
            (22, "<p>Bring <em>all</em> of them</p>", f"{mara}1", {"updated_at": NOW}),
            (23, "<p>Among ourselves</p>", mara, {"visibility": Visibility.FOLLOWERS}),
            (24, "<p>Said in haste</p>", mara, {"deleted_at": NOW}),
            (25, "<p>To somebody who is held</p>", "https://social.example.com/notes/3", {}),
        ):
            posts.insert(tx, a_post(number, html, in_reply_to=answered, **changes))
        replies.put(tx, a_reply(11, URLS.post(post_id(21)), "<p>We are nine</p>"))

    await sqlite_db.write(talk)
    html = await text(browser, f"/events/{BUS.id}")
    assert html.count('class="reply ') == 5
    assert html.index("Count me in!") < html.index("How many are you?")
    assert "We are nine" in html
    assert "Bring <em>all</em> of them" in html
    assert f'href="{URLS.post(post_id(21))}"' in html
    assert html.count("@eastside@eastside.example.org") > html.count("We are nine")
    for hidden in ("Among ourselves", "Said in haste", "To somebody who is held"):
        assert hidden not in html
    assert "We are nine" in await text(browser, f"/posts/{post_id(21)}")


async def test_a_cancelled_event_says_so_first_and_why(browser: httpx.AsyncClient) -> None:
    html = await text(browser, f"/events/{CANCELLED.id}")
    assert "<title>Cancelled: Letter-writing evening" in html
    assert "This event is cancelled." in html
    assert "The hall has no heating this week." in html


async def test_an_event_names_its_document_for_other_servers_and_its_card(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get(f"/events/{BUS.id}")
    uri = f"{BASE}/events/{BUS.id}"
    link = f'<link rel="alternate" type="application/activity+json" href="{uri}">'
    assert link in answer.text
    assert f'<link rel="canonical" href="{uri}">' in answer.text
    assert "Accept" in answer.headers["vary"]
    assert "link" not in answer.headers
    for name in ("og:title", "og:description", "og:image", "og:image:alt", "og:site_name"):
        assert f'<meta property="{name}" content="' in answer.text


async def test_what_never_federates_names_no_document_and_asks_for_no_reply(
    browser: httpx.AsyncClient,
) -> None:
    for path in (f"/events/{event_id(7)}", f"/posts/{post_id(5)}"):
        html = await text(browser, path)
        assert "application/activity+json" not in html
        assert 'action="/follow"' not in html


async def test_an_event_is_marked_up_for_machines_that_read_pages(
    browser: httpx.AsyncClient,
) -> None:
    html = await text(browser, f"/events/{BUS.id}")
    for name in (
        "h-event",
        "dt-start",
        "dt-end",
        "p-name",
        "p-location",
        "e-content",
        "p-organizer",
    ):
        assert re.search(rf'class="[^"]*\b{name}\b', html), name
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert found is not None
    schema = json.loads(found[1])
    assert schema["@type"] == "Event"
    assert schema["startDate"] == "2026-11-25T18:30:00-05:00"
    assert schema["location"]["geo"]["latitude"] == 33.7401


async def test_home_and_profile_point_at_each_other_for_rel_me(browser: httpx.AsyncClient) -> None:
    html = await text(browser, "/")
    assert f'rel="me" href="{BASE}/chapter"' in html
    assert (await browser.get("/chapter")).headers["location"] == f"{BASE}/"


async def test_the_about_page_counts_and_names_nobody(browser: httpx.AsyncClient) -> None:
    html = await text(browser, "/about")
    assert "people follow us" in html
    assert "mara" not in html.lower()
    assert "westview" not in html.lower()


async def test_a_page_asked_for_again_is_answered_with_not_modified(
    browser: httpx.AsyncClient,
) -> None:
    first = await browser.get("/")
    again = await browser.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""


async def test_programs_that_ask_home_for_the_chapter_are_sent_to_it(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/", headers={"Accept": "application/activity+json"})
    assert answer.headers["location"] == f"{BASE}/chapter"
