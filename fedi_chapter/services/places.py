"""Places: what an organizer says about where an event meets.

Called by the verbs for events. A changed place is a new place with a new id, because some
servers never read a place again under an id they know.
"""

from dataclasses import dataclass

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.place import Place, Point
from fedi_chapter.store.tx import WriteTx

LONGEST = 500


@dataclass(frozen=True, slots=True)
class PlaceFields:
    """Name and address in words, position in degrees. None leaves as it is; "" empties."""

    name: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None


UNCHANGED = PlaceFields()


def settle_place(tx: WriteTx, old: Place | None, fields: PlaceFields) -> Place | None:
    """Return where the event meets after `fields` were applied to the `old` place.

    Raises:
        FormInvalid: half a position, or a position without a name.

    """
    if fields == UNCHANGED:
        return old
    if fields.name == "":
        return None
    point = point_of(fields.lat, fields.lon)
    # Another name is another place: the old address and position do not move there.
    moved = fields.name is not None and (old is None or fields.name != old.name)
    kept = None if moved else old
    address = kept.address if kept and fields.address is None else fields.address
    address = one_line(address or "", LONGEST) or None
    name = one_line(fields.name or (kept.name if kept else "") or address or "", LONGEST)
    if not name:
        raise FormInvalid("a place needs a name", cure="give the name or the address")
    place = Place(
        id=tx.new_id(),
        name=name,
        address=address,
        point=point or (kept.point if kept else None),
    )
    if old and (old.name, old.address, old.point) == (place.name, place.address, place.point):
        return old
    return place


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
