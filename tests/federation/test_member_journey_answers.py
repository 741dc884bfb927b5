"""The journey of a member: what she answers, by whatever software, and what that gives her.

How every dialect is read in every state of an event is in `test_rsvp_routes`, how words are in
`test_rsvp_words`; an answer by a calendar's own button exists for nobody yet.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.services import rsvps
from fedi_chapter.store import events, replies, tallies
from fedi_chapter.store.tx import Database
from tests.conftest import NOW
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering
from tests.kit.builders import an_event, founded
from tests.kit.dialects import Invitation
from tests.kit.journey import (
    EVENING,
    HIDDEN,
    calendar_entry,
    entries,
    her_browser,
    read_page,
    seen,
)
from tests.kit.peers.mastodon import Json, Member
from tests.kit.peers.oauth import OAuthServer
from tests.kit.visiting import OURS
from tests.kit.world import World

pytestmark = pytest.mark.anyio


async def test_a_vote_is_counted_once_and_confirmed_with_the_place_and_the_way_back(
    world: World,
) -> None:
    """MEM-5."""
    gathering = await a_gathering(world, **EVENING)
    ana = gathering.member()
    vote, begun = dialects.mastodon_vote(ana, gathering.to), world.clock.now()
    for _ in range(2):
        assert await gathering.send(ana, vote) == 202
    tally = await gathering.tally()
    assert (tally.going, tally.heads, tally.voters) == (1, 1, 1)
    (text,) = gathering.texts()
    assert "You are going to “Repair café”" in text
    assert "Reply “can't make it”" in text
    assert "Grace Hall, 1450 Glenwood Ave" in text
    ics = f"{gathering.to.event}.ics"
    assert ics in text
    assert (await calendar_entry(gathering.chapter, ics)).name == "Repair café"
    assert world.clock.now() == begun
    page = await read_page(gathering.chapter, gathering.to.event)
    assert "1 person is going" in page
    assert "39 seats left" in page
    assert not re.search(r"\bana\b|m\.test", page)


async def test_the_place_that_is_for_those_who_come_is_on_her_own_page_and_in_no_message(
    world: World,
) -> None:
    """MEM-5."""
    gathering = await a_gathering(world, **{**EVENING, "place": HIDDEN})
    ana = gathering.member()
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    (text,) = gathering.texts()
    own = re.search(r"The exact place is on your page: (\S+)", text)
    assert own
    assert "Glenwood" not in text
    assert "1450 Glenwood Ave" in await seen(gathering.chapter, own[1])
    assert "Glenwood" not in await read_page(gathering.chapter, gathering.to.event)


async def test_who_replies_going_plus_two_is_three_heads_and_her_first_words_are_held(
    world: World,
) -> None:
    """MEM-6."""
    gathering = await a_gathering(world, **EVENING)
    ana = gathering.member()
    status = await ana.reply(gathering.to.face, "going +2")
    await world.settle()
    assert (await gathering.tally()).heads == 3
    page = await read_page(gathering.chapter, gathering.to.event)
    assert "3 people are going" in page
    assert "going +2" not in page
    (held,) = await gathering.chapter.read(replies.held)
    assert held.uri == status
    (letter,) = gathering.letters()
    assert letter["inReplyTo"] == status
    (text,) = gathering.texts()
    for words in (
        "You are going to “Repair café”",
        "You and 2 guests are counted.",
        "Grace Hall, 1450 Glenwood Ave",
        "Reply “can't make it”",
        f"{gathering.to.event}.ics",
    ):
        assert words in text
    # Somebody the chapter knows is read at once.
    ben = gathering.member("ben")
    await ben.follow(gathering.to.chapter)
    await world.settle()
    await ben.reply(gathering.to.face, "going +1")
    await world.settle()
    page = await read_page(gathering.chapter, gathering.to.event)
    assert "5 people are going" in page
    assert "going +1" in page


async def test_at_a_full_event_she_is_first_in_line_and_told_when_a_seat_is_hers(
    world: World,
) -> None:
    """MEM-7."""
    gathering = await a_gathering(world, capacity=1)
    zoe, ana = gathering.member("zoe"), gathering.member()
    for member in (zoe, ana):
        await gathering.send(member, dialects.mastodon_vote(member, gathering.to))
        world.clock.advance(timedelta(seconds=1))
    assert [await gathering.status(name) for name in ("zoe", "ana")] == ["going", "waitlist"]
    (waits,) = gathering.texts()
    assert "“Picnic” is full: you are number 1 in line." in waits
    begun = world.clock.now()
    await gathering.send(zoe, dialects.mastodon_vote(zoe, gathering.to, 2))
    assert world.clock.now() == begun
    assert await gathering.status() == "going"
    assert "Good news: you have a seat at “Picnic”!" in gathering.texts()[1]
    assert len(gathering.texts()) == 2


async def test_twenty_who_cancel_and_join_at_once_never_overfill_the_room(db: Database) -> None:
    """MEM-7."""
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON, capacity=10)
    await db.write(lambda tx: events.insert(tx, event))

    async def say(number: int, answer: Answer, minute: int = 0) -> None:
        uri = f"https://m.test/users/m{number}"
        saying = Saying(answer, Route.POLL, NOW + timedelta(minutes=minute), RANKS[answer])
        await db.write(lambda tx: rsvps.respond(tx, event, Party(uri, uri), saying))
        taken.append(await db.read(lambda tx: tallies.get(tx, event.id).heads))

    taken: list[int] = []
    await asyncio.gather(*(say(number, Answer.GOING) for number in range(20)))
    assert taken[-1] == 10
    cancelling = (say(number, Answer.NO, 1) for number in range(10))
    joining = (say(number, Answer.GOING, 1) for number in range(20, 30))
    await asyncio.gather(*(each for pair in zip(cancelling, joining, strict=True) for each in pair))
    assert max(taken) == 10
    tally = await db.read(lambda tx: tallies.get(tx, event.id))
    assert (tally.going, tally.heads, tally.going + tally.waitlist, tally.no) == (10, 10, 20, 10)


async def test_whoever_can_not_make_it_after_all_is_thanked_and_the_next_in_line_moves_up(
    world: World,
) -> None:
    """MEM-10."""
    gathering = await a_gathering(world, capacity=1)
    ana, ben = gathering.member(), gathering.member("ben")
    for member in (ana, ben):
        await gathering.send(member, dialects.mastodon_vote(member, gathering.to))
        world.clock.advance(timedelta(minutes=1))
    (confirmed,) = gathering.letters()
    await ana.write(
        "Sorry, can't make it",
        chapter=gathering.chapter.uri,
        in_reply_to=str(confirmed["id"]),
        visibility="direct",
    )
    begun = world.clock.now()
    await world.settle()
    assert world.clock.now() == begun
    assert [await gathering.status(name) for name in ("ana", "ben")] == ["no", "going"]
    assert "Thanks for telling us: you can't come to “Picnic”." in gathering.texts()[1]
    assert "Good news: you have a seat at “Picnic”!" in gathering.texts("ben")[1]
    assert "1 person is going · no seat left" in await seen(gathering.chapter, gathering.to.event)
    # Her app may go on showing her vote (`docs/explanation/saying-yes.md`); its totals are right.
    world.clock.advance(rsvps.TALLY_WINDOW)
    await world.settle()
    assert totals(gathering) == [1, 0, 1]


def totals(gathering: Gathering) -> list[int]:
    """Return what the poll says on the other server now."""
    options = entries(gathering.server, "Update")[-1]["oneOf"]
    assert isinstance(options, list)
    return [each["replies"]["totalItems"] for each in options]


# -- other software -------------------------------------------------------------------------

Say = Callable[[Member, Invitation], Json]


def voting(option: int) -> Say:
    return lambda member, to: dialects.gotosocial_vote(member, to, option)


def attending(kind: str) -> Say:
    return lambda member, to: dialects.friendica_accept(member, to, kind)


def joining(kind: str) -> Say:
    return lambda member, to: dialects.mobilizon_join(member, to) | {"type": kind}


@pytest.mark.parametrize(
    "answers",
    [
        {"going": voting(0), "maybe": voting(1), "no": voting(2)},
        {
            "going": attending("Accept"),
            "maybe": attending("TentativeAccept"),
            "no": attending("Reject"),
        },
    ],
    ids=["GoToSocial's poll", "Friendica's attend buttons"],
)
async def test_yes_maybe_and_no_of_other_software_count_and_are_confirmed_the_same(
    world: World, answers: dict[str, Say]
) -> None:
    """MEM-16."""
    gathering = await a_gathering(world, **EVENING)
    ana = gathering.member()
    numbers = {
        "going": "1 person is going · 39 seats left",
        "maybe": "Are you coming? 40 seats left · 1 perhaps",
        "no": "Are you coming? 40 seats left Your name",
    }
    told = {"going": "See you there!", "maybe": "Noted: you may come", "no": "Thanks for telling"}
    for number, (status, say) in enumerate(answers.items(), start=1):
        world.clock.advance(timedelta(minutes=1))
        assert await gathering.send(ana, say(ana, gathering.to)) == 202
        assert await gathering.status() == status
        assert (await gathering.tally()).voters == 1
        page = await seen(gathering.chapter, gathering.to.event)
        assert numbers[status] in page
        assert "ana" not in page.split()
        assert len(gathering.texts()) == number
        assert told[status] in gathering.texts()[-1]
    assert gathering.answers() == []


async def test_mobilizon_s_join_is_accepted_and_its_leave_gives_the_seat_back(
    world: World,
) -> None:
    """MEM-16."""
    gathering = await a_gathering(world, capacity=1)
    ana, ben = gathering.member(), gathering.member("ben")
    for member in (ana, ben):
        await gathering.send(member, joining("Join")(member, gathering.to))
        world.clock.advance(timedelta(minutes=1))
    assert "1 person is going · no seat left" in await seen(gathering.chapter, gathering.to.event)
    await gathering.send(ana, joining("Leave")(ana, gathering.to))
    assert [await gathering.status(name) for name in ("ana", "ben")] == ["no", "going"]
    said = {name: [each["type"] for each in gathering.answers(name)] for name in ("ana", "ben")}
    assert said == {"ana": ["Accept"], "ben": ["Reject", "Accept"]}
    assert gathering.texts() == []  # Mobilizon has told her by its own words


async def test_a_guest_without_any_account_answers_by_form_and_has_a_page_to_change_it(
    world: World,
) -> None:
    """MEM-16."""
    gathering = await a_gathering(world, **EVENING)
    browser = her_browser(gathering.chapter)
    form = {"name": "Ines", "guests": "1", "answer": "going"}
    answer = await browser.client.post(f"{gathering.to.event}/rsvp", data=form, headers=OURS)
    own = answer.headers["location"].partition("?")[0]
    words = await seen(gathering.chapter, own)
    assert "You are going with 1 guest" in words
    public = await read_page(gathering.chapter, gathering.to.event)
    assert "2 people are going" in public
    assert "Ines" not in public
    world.clock.advance(timedelta(minutes=1))
    await browser.client.post(own, data={"answer": "none"}, headers=OURS)
    assert (await gathering.tally()).voters == 0
    await world.settle()
    assert gathering.server.received == []


async def test_who_signs_in_with_her_account_answers_by_one_tap_and_leaves_no_token_here(
    world: World,
) -> None:
    """MEM-16."""
    gathering = await a_gathering(world, **EVENING)
    server = OAuthServer(base="https://o.test")
    world.network.hosts[server.host] = server.app
    browser = her_browser(gathering.chapter)
    welcome = await browser.sign_in(server)
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/me"), welcome.text
    assert {app.scope for app in server.apps.values()} == {"profile"}
    assert server.counted("/oauth/token") == 1
    assert server.tokens == {}
    page = (await browser.get(gathering.to.event)).text
    assert "You are signed in as ana@o.test." in page
    tap = {"answer": "going", "guests": "0"}
    await browser.client.post(f"{gathering.to.event}/rsvp", data=tap, headers=OURS)
    tally = await gathering.tally()
    assert (tally.going, tally.voters) == (1, 1)
    assert "Repair café" in (await browser.get("/me")).text
    public = await read_page(gathering.chapter, gathering.to.event)
    assert "1 person is going" in public
    assert "o.test" not in public
