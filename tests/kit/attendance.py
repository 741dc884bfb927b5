"""An event of the sample chapter that people answered by every way, tonight.

Used by the tests of the organizers' pages and of the door, and by the browser. `seed_attendance`
comes after `seed`.
"""

from dataclasses import replace
from datetime import timedelta

from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Rsvp, Saying
from fedi_chapter.services import rsvps as room
from fedi_chapter.services.organizers import token_hash
from fedi_chapter.store import events, organizers, rsvps
from fedi_chapter.store.tx import ReadTx, WriteTx
from tests.kit.neighbourhood import MARA, NOW, an_event

GREETERS = 12
CAFE = an_event(
    *(30, "Repair café", 0),
    starts_at=NOW + timedelta(hours=2),
    ends_at=NOW + timedelta(hours=4),
    rsvp=RsvpMode.ON,
    capacity=4,
)
FORMULA = '=HYPERLINK("https://evil.example")'
PEOPLE = {
    "Mara": (Answer.GOING, Route.POLL, 1),
    "Ben": (Answer.GOING, Route.HAND, 0),
    "Cleo": (Answer.GOING, Route.WEB, 2),
    "Eli": (Answer.MAYBE, Route.WEB, 0),
    FORMULA: (Answer.NO, Route.WEB, 0),
}
"""With four seats Cleo and her guests wait; Dora, who comes last, waits for an organizer."""


def seed_attendance(tx: WriteTx) -> None:
    """Add the event and who answered it."""
    events.insert(tx, CAFE)
    for minutes, (name, (answer, route, guests)) in enumerate(PEOPLE.items()):
        party = Party(MARA, MARA) if name == "Mara" else Party(f"alias:{name}", name=name)
        at = tx.now - timedelta(minutes=60 - minutes)
        room.respond(tx, CAFE, party, Saying(answer, route, at, RANKS[answer], guests))
    asked = replace(CAFE, approval=True)
    saying = Saying(Answer.GOING, Route.WEB, tx.now, RANKS[Answer.GOING])
    room.respond(tx, asked, Party("alias:Dora", name="Dora"), saying)


def rsvp_of(tx: ReadTx, name: str) -> Rsvp:
    """Return somebody's answer."""
    found = rsvps.find(tx, CAFE.id, MARA if name == "Mara" else f"alias:{name}")
    assert found is not None
    return found


def greeter_link(number: int) -> str:
    """Return the token of the sign-in link of greeter `number`, from 0."""
    return f"link-of-greeter-{number}"


def seed_greeters(tx: WriteTx) -> None:
    """Add greeters, each with a link for a phone of their own."""
    for number in range(GREETERS):
        person = organizers.put(tx, f"Greeter {number}", Role.GREETER)
        until = tx.now + timedelta(days=1)
        organizers.put_link(tx, person.id, token_hash(greeter_link(number)), until)
