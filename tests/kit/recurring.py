"""A weekly series of the sample chapter, for its pages. `seed_series` comes after `seed`."""

from datetime import date

from fedi_chapter.domain.series import SeriesId
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.services.series import create_series, skip_day
from fedi_chapter.store.tables import series as series_table
from fedi_chapter.store.tx import ReadTx, WriteTx
from tests.kit.neighbourhood import CHAPTER, URLS

RULE = "FREQ=WEEKLY;BYDAY=TU"
FIELDS = EventFields(
    name="Open evening",
    start="2026-11-24T19:00",
    end="2026-11-24T21:00",
    place=PlaceFields("Grace Hall", "1450 Glenwood Ave SE, Atlanta"),
    description="Come and see what we do. There is **soup**.",
    tags=("open",),
)


def seed_series(tx: WriteTx) -> None:
    """Begin a series that leaves out one week."""
    first = create_series(tx, CHAPTER, FIELDS, RULE, URLS)
    skip_day(tx, SeriesId(str(first.series_id)), date(2026, 12, 15))


def series_id(tx: ReadTx) -> SeriesId:
    """Return the id of the seeded series."""
    return SeriesId(tx.conn.execute(series_table.select()).one().id)
