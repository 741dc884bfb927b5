"""Two events of the sample chapter that ask who comes; one tells only those where exactly.

Used by the tests of pages and by the browser. `seed_invitations` comes after `seed`.
"""

from dataclasses import dataclass, field, replace

from fedi_chapter.core.errors import RemoteRefused
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import Event, PlaceShown, RsvpMode
from fedi_chapter.domain.place import Place, Point, blurred
from fedi_chapter.net.mail import Letter
from fedi_chapter.store import events, exact_places
from fedi_chapter.store.tx import WriteTx
from tests.kit.neighbourhood import an_event

POINT = Point(33.7512, -84.3391)
COTTAGE = Place("exact", "Rose Cottage", "7 Hidden Lane", POINT)
AREA = Place("0197c1b2-7a10-7cc2-9f5e-000000000b77", "East Atlanta", None, blurred(POINT))


def _asking(number: int, name: str, days: float) -> Event:
    event = an_event(number, name, days, rsvp=RsvpMode.ON, visibility=Visibility.UNLISTED)
    return replace(event, poll=("Going", "Maybe", "Can't come"))


PICNIC = replace(
    _asking(21, "Picnic at dusk", 3),
    capacity=2,
    bring="A blanket",
    description_html="<p>We bring salad and bread, you bring what you like best.</p>",
)
SUPPER = replace(_asking(22, "Supper at home", 4), place=AREA, place_shown=PlaceShown.TO_GOING)


def seed_invitations(tx: WriteTx) -> None:
    """Add both events, and where one of them meets."""
    for event in (PICNIC, SUPPER):
        events.insert(tx, event)
    exact_places.put(tx, SUPPER.id, COTTAGE)


@dataclass
class Postbox:
    """A mail server that keeps what it is given."""

    letters: list[Letter] = field(default_factory=list)
    sender: str = "events@eastside.example.org"
    refuses: bool = False
    """Whether it knows no mailbox any more."""

    async def send(self, letter: Letter) -> None:
        if self.refuses:
            raise RemoteRefused("nobody here", answer=550)
        self.letters.append(letter)
