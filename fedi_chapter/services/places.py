"""Places: what an organizer says about where an event meets, and who may learn it.

Called by the verbs for events, and by the pages of one person for the exact place. What all may
see is the event's own place; where that is only an area, the exact place is kept apart
(`store.exact_places`), and so is the address where it is joined online. A changed place is a
new place with a new id, because some servers never read a place again under an id they know.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.core.graphemes import is_visible
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event, PlaceShown
from fedi_chapter.domain.place import Place, Point, blurred
from fedi_chapter.domain.rsvp import Rsvp
from fedi_chapter.store import exact_places
from fedi_chapter.store.tx import ReadTx, WriteTx

LONGEST = 500
TOLD = timedelta(hours=24)
"""How long after an event its exact place is still told."""


@dataclass(frozen=True, slots=True)
class PlaceFields:
    """Name and address in words, position in degrees. None leaves as it is; "" empties."""

    name: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    area: str | None = None
    """What the public reads where only those who go learn the place; "" is the usual area."""
    shown: PlaceShown | None = None


UNCHANGED = PlaceFields()


@dataclass(frozen=True, slots=True)
class Private:
    """What of a meeting is not for everyone; either may be None."""

    place: Place | None = None
    link: str | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return self != NOTHING


NOTHING = Private()


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where an event meets: for everyone, and, where that is only an area, exactly."""

    public: Place | None
    shown: PlaceShown
    exact: Place | None
    online_url: str | None = None
    link_kept: bool = field(default=False, compare=False)
    """Whether the online address is private, as the place is or because not everyone is let in.
    Whoever comes need not hear of that alone."""

    @property
    def hidden(self) -> Private:
        """What must be kept apart from what is public."""
        return Private(
            self.exact if self.shown is PlaceShown.TO_GOING else None,
            self.online_url if self.link_kept else None,
        )

    def in_public(self, event: Event) -> Event:
        """Return the event with what everyone may see of this meeting."""
        return replace(
            event,
            place=self.public,
            place_shown=self.shown,
            online_url=None if self.link_kept else self.online_url,
            link_kept=self.link_kept,
        )


def meeting_of(tx: ReadTx, event: Event) -> Meeting:
    """Return where an event meets, all of it: for organizers only."""
    kept = event.place_shown is PlaceShown.TO_GOING
    return Meeting(
        public=event.place,
        shown=event.place_shown,
        exact=exact_places.get(tx, event.id) if kept else event.place,
        online_url=exact_places.link(tx, event.id) if event.link_kept else event.online_url,
        link_kept=event.link_kept,
    )


def told_place(tx: ReadTx, event: Event, rsvp: Rsvp) -> Private:
    """Return what only those with a seat learn, if this person may now (PRIV-04).

    It is nothing too where there is nothing more to learn than what is public.
    """
    is_kept = event.place_shown is PlaceShown.TO_GOING or event.link_kept
    if not is_kept or event.deleted_at is not None or event.is_cancelled:
        return NOTHING
    if not rsvp.has_seat or rsvp.event_id != event.id or tx.now >= event.over_at + TOLD:
        return NOTHING
    return meeting_of(tx, event).hidden


def settle_meeting(
    tx: WriteTx, old: Meeting, event: Event, fields: PlaceFields, usual_area: str
) -> Meeting:
    """Return where `event`, of which the online address is known, meets as `fields` change it.

    The online address follows the place's rule. Where an organizer says yes to each it is
    private in any case: who has it needs no yes.

    Raises:
        FormInvalid: as `settle_place`.

    """
    with_link = replace(old, online_url=event.online_url)
    place = settle_place(tx, with_link, fields, usual_area)
    is_kept = place.shown is PlaceShown.TO_GOING or event.approval
    return replace(place, link_kept=is_kept and event.online_url is not None)


def settle_place(tx: WriteTx, old: Meeting, fields: PlaceFields, usual_area: str) -> Meeting:
    """Return where an event meets after `fields` were applied to the `old` meeting.

    A place of which only the address is given is called by it until it gets a name. An area
    nobody names is called `usual_area`.

    Raises:
        FormInvalid: half a position, a position without a name, or an area and nothing to hide.

    """
    if fields == UNCHANGED:
        return old
    shown = fields.shown or old.shown
    if fields.area and shown is PlaceShown.TO_ALL:
        raise FormInvalid(
            "an area is named, but everyone is told the place itself",
            cure="show the place to those who go only (--place-shown going), or name no area",
        )
    exact = _exact(tx, old.exact, fields)
    if shown is PlaceShown.TO_ALL:
        kept_apart = exact is not None and old.shown is not shown
        public = replace(exact, id=tx.new_id()) if exact and kept_apart else exact
        return replace(old, public=public, shown=shown, exact=public)
    if exact is None and fields.name is None and old.online_url is None:
        raise FormInvalid(
            "there is no place that those who go could be told",
            cure="give the place (--place), or where to join online (--online-url)",
        )
    area = _area(tx, old, exact, fields.area, usual_area)
    return replace(old, public=area, shown=shown, exact=exact)


def _exact(tx: WriteTx, old: Place | None, fields: PlaceFields) -> Place | None:
    if fields.name is None and fields.address is None and (fields.lat, fields.lon) == (None, None):
        return old
    if fields.name == "":
        return None
    point = point_of(fields.lat, fields.lon)
    kept = old if old and _is_there(old, fields) else None
    address = kept.address if kept and fields.address is None else fields.address
    address = one_line(address or "", LONGEST) or None
    name = one_line(fields.name or (kept.name if kept else "") or address or "", LONGEST)
    if not is_visible(name):
        raise FormInvalid("a place needs a name", cure="give the name or the address")
    place = Place(
        id=tx.new_id(),
        name=name,
        address=address,
        point=point or (kept.point if kept else None),
    )
    return old if old and _is_same(old, place) else place


def _area(
    tx: WriteTx, old: Meeting, exact: Place | None, named: str | None, usual: str
) -> Place | None:
    """Return what the public is told instead of an exact place: a name, and a cell of the grid."""
    if exact is None:
        return None
    was = old.public if old.shown is PlaceShown.TO_GOING else None
    kept = was.name if was and named is None else ""
    name = one_line(named or kept or usual, LONGEST)
    if not is_visible(name):
        raise FormInvalid("nobody knows what to call the area", cure="name it (--area)")
    area = Place(id=tx.new_id(), name=name, point=blurred(exact.point) if exact.point else None)
    return was if was and _is_same(was, area) else area


def _is_same(one: Place, other: Place) -> bool:
    return replace(one, id="") == replace(other, id="")


def _is_there(old: Place, fields: PlaceFields) -> bool:
    """Tell whether what is said now is about the same place; another keeps nothing of the old.

    A place is known by its name, and without one by its address.
    """
    if old.name == old.address:
        return fields.address in (None, old.address)
    return fields.name in (None, old.name)


def point_of(lat: float | None, lon: float | None) -> Point | None:
    """Return the position, if one is given.

    Raises:
        FormInvalid: only half of it is given, or it is not on this planet.

    """
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise FormInvalid("half a position is none", cure="give both latitude and longitude")
    try:
        return Point(lat, lon)
    except ValueError as error:
        raise FormInvalid(str(error), cure="give degrees such as 33.749 and -84.388") from error
