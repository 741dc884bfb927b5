"""However the words of many people are mixed, delayed and repeated, they end the same."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from fedi_chapter.domain.rsvp import RANKS, Answer, Rank
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering
from tests.kit.peers.mastodon import Json, Member
from tests.kit.world import World

pytestmark = pytest.mark.anyio

PEOPLE = ("ana", "ben", "cleo", "dora")
WORDS = {"going": Answer.GOING, "maybe": Answer.MAYBE, "can't make it": Answer.NO}
KINDS = {
    "Accept": (Answer.GOING, Rank.ACCEPT),
    "TentativeAccept": (Answer.MAYBE, Rank.TENTATIVE),
    "Reject": (Answer.NO, Rank.REJECT),
    "Join": (Answer.GOING, Rank.JOIN),
    "Leave": (Answer.NO, Rank.LEAVE),
}


@dataclass(frozen=True)
class Word:
    """Something somebody sends, and what it says where in the order."""

    activity: Json
    answer: Answer
    order: tuple[datetime, str]


def some_word(random_: random.Random, member: Member, gathering: Gathering) -> list[Word]:
    """Return one answer in any dialect; now and then with the Undo that takes it back."""
    at, to = member.server.clock.now(), gathering.to
    match random_.choice(["vote", "reply", "answer", "answer", "undo"]):
        case "vote":
            option = random_.randrange(3)
            answer = list(WORDS.values())[option]
            vote = dialects.misskey_vote(member, to, option)
            return [Word(vote, answer, (at, RANKS[answer].value))]
        case "reply":
            words = random_.choice(list(WORDS))
            answer = WORDS[words]
            dialect = random_.choice([dialects.private_reply, dialects.public_reply])
            return [Word(dialect(member, to, words), answer, (at, RANKS[answer].value))]
        case "answer":
            kind = random_.choice(list(KINDS))
            return [Word(answered(member, to, kind), KINDS[kind][0], (at, KINDS[kind][1].value))]
        case _:
            kind = random_.choice(["Accept", "TentativeAccept", "Reject", "Join"])
            said = answered(member, to, kind)
            instead = Answer.NO if kind == "Join" else Answer.NONE
            order = (at, KINDS[kind][1].value)
            undo = member.activity("Undo", said, uri=f"{said['id']}/undo")
            later = f"{at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
            return [Word(said, instead, order), Word(undo | {"published": later}, instead, order)]


def answered(member: Member, to: dialects.Invitation, kind: str) -> Json:
    if kind in {"Join", "Leave"}:
        return dialects.mobilizon_join(member, to) | {"type": kind}
    return dialects.hubzilla_accept(member, to, kind)


def expected(words: Sequence[Word]) -> str:
    return max(words, key=lambda word: word.order).answer.value


@pytest.mark.parametrize("seed", range(12))
async def test_any_mixture_of_all_routes_ends_with_the_same_answers(
    world: World, seed: int
) -> None:
    random_ = random.Random(seed)
    gathering = await a_gathering(world)
    said: dict[str, list[Word]] = {name: [] for name in PEOPLE}
    for _ in range(5):
        world.clock.advance(timedelta(minutes=1))
        for name in PEOPLE:
            said[name] += some_word(random_, gathering.member(name), gathering)
    world.clock.advance(timedelta(hours=2))
    letters = [(name, word.activity) for name in PEOPLE for word in said[name]]
    letters += random_.sample(letters, len(letters) // 2)
    random_.shuffle(letters)
    urls = gathering.chapter.urls
    inboxes = [urls.shared_inbox, urls.inbox(gathering.chapter.actor)]
    for name, activity in letters:
        assert await gathering.member(name).send(random_.choice(inboxes), activity) == 202
        if random_.random() < 0.3:
            await world.settle()
    await world.settle()
    ends = {name: await gathering.status(name) for name in PEOPLE}
    assert ends == {name: expected(words) for name, words in said.items()}
    tally = await gathering.tally()
    counted = (tally.going, tally.maybe, tally.no)
    assert counted == tuple(list(ends.values()).count(each) for each in ("going", "maybe", "no"))
