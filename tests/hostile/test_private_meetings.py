"""Where an event meets and where it is joined online, in every state of an answer."""

from dataclasses import replace

import pytest

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import Briefing, Notice, NoticeId, NoticeKind, NoticeRoute
from fedi_chapter.domain.rsvp import Rank, Route, Rsvp, RsvpId, RsvpStatus
from fedi_chapter.services.members import as_it_stands
from fedi_chapter.store.rsvps import change, of_event
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.notice_parts import Ways
from fedi_chapter.vocab.notice_words import write_words
from tests.hostile.test_canary import (
    ADDRESS,
    BASE,
    LAT,
    LINK,
    LON,
    PAGE,
    PLACE,
    STREAM,
    Aviary,
    found_in,
    planted,
)
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio
WHERE = {PLACE, ADDRESS, LAT, LON, LINK, STREAM}
STATES = {
    RsvpStatus.GOING: True,
    RsvpStatus.ATTENDED: True,
    RsvpStatus.MAYBE: False,
    RsvpStatus.NO: False,
    RsvpStatus.NONE: False,
    RsvpStatus.PENDING: False,
    RsvpStatus.WAITLIST: False,
    RsvpStatus.NO_SHOW: False,
}
"""Whether somebody whose answer is in this state has a seat."""


@pytest.mark.parametrize("status", RsvpStatus)
async def test_place_and_link_are_told_to_those_with_a_seat_alone(
    world: World, status: RsvpStatus
) -> None:
    aviary = await planted(world)
    chapter = aviary.chapter
    for event, secrets in ((aviary.supper, {PLACE, LINK}), (aviary.reading, {STREAM})):
        told = await _told_in_private(aviary, event, status)
        seen = set(found_in(told)) & WHERE
        assert (secrets <= seen) is STATES[status]
        assert bool(seen) is STATES[status]
        for kind in (NoticeKind.GOING, NoticeKind.CHANGED, NoticeKind.REMINDER):
            assert not set(found_in(_notice(chapter, event, status, kind))) & WHERE


async def _told_in_private(aviary: Aviary, event: Event, status: RsvpStatus) -> str:
    """Return all that the pages and files of somebody whose answer is in a state say."""
    chapter = aviary.chapter

    def settle(tx: WriteTx) -> tuple[Rsvp, str]:
        found = next(each for each in of_event(tx, event.id) if each.email)
        rsvp = replace(found, status=status)
        change(tx, rsvp)
        return rsvp, str(as_it_stands(tx, event, rsvp))

    rsvp, calendar = await chapter.write(settle)
    links = chapter.deps.links
    paths = [
        f"/rsvp/{links.make('rsvp', rsvp.id, 0)}",
        f"/rsvp/{links.make('rsvp', rsvp.id, 0)}.ics",
        f"/place/{links.make('place', rsvp.id, rsvp.turn)}",
    ]
    answers = [await aviary.ask(BASE + path, PAGE) for path in paths]
    assert answers[0].status_code == 200
    assert answers[2].status_code == (200 if STATES[status] else 404)
    return calendar + " ".join(answer.text for answer in answers)


def _notice(chapter: Chapter, event: Event, status: RsvpStatus, kind: NoticeKind) -> str:
    at = event.created_at
    notice = Notice(NoticeId("n"), event.id, kind, NoticeRoute.MAIL, "x@mail.test", "o", at)
    rsvp = Rsvp(
        *(RsvpId("r"), event.id, "k", status, Route.WEB, at, Rank.ACCEPT, 0, at, at),
    )
    own = chapter.urls.rsvp("token")
    return str(write_words(Briefing(notice, event, chapter.actor, rsvp), Ways(own=own)))
