"""The journey of a member who has nothing but a Mastodon account: from a flyer to her timeline.

Every scenario names the step of the journey that it accepts. What she answers is in
`test_member_journey_answers`, what becomes of the event in `test_member_journey_event`, and what
goes wrong in `test_member_journey_trouble`. In all of them the clock stands unless a scenario
moves it: what happens without that waited for nothing, neither a window nor a retry nor a tick
of the schedule, and so keeps every limit of seconds.

Not here, because nothing of it exists: of MEM-1 co-hosts, an entry of its own for how to get in
(it stands in the description) and the reader's own time zone on the page (her calendar knows it);
photos (MEM-13); what is near (MEM-14). What a page costs a small server, its first byte too, is
measured by `benchmarks.read`; the same pages are walked through by a browser without scripts in
`tests/browser/test_pages_in_a_browser.py` and `test_rsvp_in_a_browser.py`.
"""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from fedi_chapter.core.html import plain
from fedi_chapter.services.chapters import ProfileFields, edit_profile
from fedi_chapter.store.tables import metadata
from fedi_chapter.store.tx import ReadTx
from tests.kit.answering import a_gathering, invite
from tests.kit.builders import an_image
from tests.kit.journey import EVENING, HIDDEN, calendar_entry, entries, her_browser, seen
from tests.kit.visiting import OURS
from tests.kit.world import World

pytestmark = pytest.mark.anyio

INTENT = "https://w3id.org/fep/3b86/"
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"


# -- from the flyer to following ------------------------------------------------------------


async def test_the_flyer_leads_to_a_light_page_that_tells_all_without_a_program(
    world: World,
) -> None:
    """MEM-1."""
    gathering = await a_gathering(world, **EVENING)
    browser, address = her_browser(gathering.chapter), gathering.to.event
    page = await browser.get(address)
    linked = set(re.findall(r'(?:href|src)="(/(?:static|media)/[^"]+)"', page.text))
    files = [page, *[await browser.get(each) for each in linked]]
    drawings = {name for each in files for name in re.findall(r'url\("(\w+\.svg)"\)', each.text)}
    files += [await browser.get(f"/static/{each}") for each in drawings]
    assert len(files) >= 4
    assert {each.status_code for each in files} == {200}
    assert sum(len(each.content) for each in files) <= 100_000
    assert "script-src" not in page.headers["content-security-policy"]
    assert set(re.findall(r"<script[^>]*>", page.text)) == {'<script type="application/ld+json">'}
    assert f'method="post" action="/events/{gathering.event_id}/rsvp"' in page.text

    words = await seen(gathering.chapter, address)
    assert "Tuesday, November 24" in words
    assert "6:30 PM – 8:30 PM" in words
    assert "Eastern Standard Time" in words
    for fact in ("Grace Hall", "a.test", "There is a ramp", "40 seats left"):
        assert fact in words
    entry = await calendar_entry(gathering.chapter, f"{address}.ics")
    assert entry.start == "2026-11-24T18:30:00-05:00"


@pytest.mark.parametrize(
    ("templates", "way"),
    [
        (
            {
                f"{INTENT}Follow": "https://m.test/intents/follow?uri={object}",
                SUBSCRIBE: "https://m.test/authorize_interaction?uri={uri}",
            },
            "https://m.test/intents/follow?uri=https%3A%2F%2Fa.test%2Fchapter",
        ),
        (
            {SUBSCRIBE: "https://m.test/authorize_interaction?uri={uri}"},
            "https://m.test/authorize_interaction?uri=https%3A%2F%2Fa.test%2Fchapter",
        ),
        ({f"{INTENT}Create": "https://m.test/share?content={content}"}, "@a@a.test"),
    ],
    ids=["intent", "subscribe template", "handle to copy"],
)
async def test_her_own_handle_leads_to_the_best_way_her_server_has_and_to_no_account_here(
    world: World, templates: dict[str, str], way: str
) -> None:
    """MEM-2."""
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    server.member("me")
    server.templates = templates

    def rows(tx: ReadTx) -> dict[str, int]:
        counts = {name: select(func.count()).select_from(t) for name, t in metadata.tables.items()}
        return {name: tx.conn.execute(query).scalar_one() for name, query in counts.items()}

    before = await chapter.read(rows)
    browser = her_browser(chapter)
    page = await browser.client.post("/follow", data={"handle": "@me@m.test"}, headers=OURS)
    assert page.status_code == 200
    if way.startswith("https:"):
        assert f'href="{way}"' in page.text
        assert "Go to m.test" in page.text
    else:
        assert f'translate="no">{way}</span>' in page.text
        assert "https://m.test" not in page.text
    assert await chapter.read(rows) == before
    assert not browser.client.cookies


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("@nobody@m.test", "Nobody was found under that address"),
        ("me", "That does not look like an address"),
        ("@me@away.test", "That server does not answer just now"),
    ],
)
async def test_a_wrong_handle_is_said_to_be_wrong_in_plain_words(
    world: World, typed: str, told: str
) -> None:
    """MEM-2."""
    chapter = await world.chapter("a.test")
    world.mastodon("m.test").member("me")
    browser = her_browser(chapter)
    page = await browser.client.post("/follow", data={"handle": typed}, headers=OURS)
    assert page.status_code == 422
    assert told in page.text
    assert f'value="{typed}"' in page.text


async def test_whoever_follows_is_accepted_at_once_and_finds_place_rules_and_the_next_three_events(
    world: World,
) -> None:
    """MEM-3."""
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    about = ProfileFields(place="East Atlanta", summary="We repair.\n\nOur rules: be kind.")
    await chapter.write(lambda tx: edit_profile(tx, chapter.actor, about, chapter.urls))
    later, *soon = [
        await invite(chapter, name=f"Day {day}", start=f"2026-11-{day}T18:00")
        for day in (28, 24, 25, 26)
    ]
    ana, begun = server.member("ana"), world.clock.now()
    await ana.follow(chapter.uri)
    await world.settle()
    (accept,) = [each for each in server.received if each.activity["type"] == "Accept"]
    assert accept.inbox == "/users/ana/inbox"
    follow = accept.activity["object"]
    assert isinstance(follow, dict)
    assert follow["id"] == ana.follows[chapter.uri]["id"]
    assert await chapter.followers() == [ana.uri]
    assert world.clock.now() == begun

    profile = await server.profile(chapter.uri)
    attached: Any = profile["attachment"]
    fields = {each["name"]: each["value"] for each in attached}
    assert fields["Place"] == "East Atlanta"
    assert "Our rules: be kind." in str(profile["summary"])
    pinned = (await server.profile(str(profile["featured"])))["orderedItems"]
    assert pinned == [chapter.urls.face(each.id) for each in soon]
    assert chapter.urls.face(later.id) not in pinned
    shown = [await server.profile(each) for each in pinned]
    assert [plain(str(each["content"]))[:6] for each in shown] == ["Day 24", "Day 25", "Day 26"]


# -- the event in her timeline --------------------------------------------------------------


async def test_a_new_event_is_one_entry_that_can_be_read_without_a_click(world: World) -> None:
    """MEM-4."""
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    for name in ("ana", "ben"):
        await server.member(name).follow(chapter.uri)
    await world.settle()
    server.received.clear()
    event = await invite(chapter, **EVENING, images=(an_image(),))
    await world.settle()
    (told,) = server.received
    assert (told.activity["type"], told.inbox) == ("Create", "/inbox")
    (entry,) = entries(server, "Create")
    text = plain(str(entry["content"]))
    for words in (
        "Repair café",
        "Tue, Nov 24, 2026, 6:30 PM–8:30 PM EST",
        "Grace Hall, 1450 Glenwood Ave",
        "Chapter a.test",
        "Room for 40 people",
        "Answer in the poll, or reply: going, or going +2 for you and two guests.",
        "Organizers see your answer.",
        chapter.urls.event(event.id),
    ):
        assert words in text
    pictures: Any = entry["attachment"]
    assert [each["name"] for each in pictures] == ["People around a table"]
    world.clock.advance(timedelta(hours=1))
    await world.settle()
    assert server.types() == ["Create"]


async def test_where_the_place_is_for_those_who_come_the_entry_says_so(world: World) -> None:
    """MEM-4."""
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    await server.member("ana").follow(chapter.uri)
    await world.settle()
    await invite(chapter, place=HIDDEN)
    await world.settle()
    (entry,) = entries(server, "Create")
    assert "East side (exact place after RSVP)" in plain(str(entry["content"]))
    assert "Glenwood" not in str(server.received)
