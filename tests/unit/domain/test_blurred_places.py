"""The grid that hides where exactly an event meets."""

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.domain.place import CELL, Point, blurred

KM = 111.19
"""Kilometres in a degree of latitude."""
points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
inhabited = st.builds(Point, st.floats(-80, 80), st.floats(-180, 180))


def apart(one: Point, other: Point) -> float:
    """Return about how many kilometres lie between two near points."""
    east = abs(one.lon - other.lon)
    east = min(east, 360 - east) * cos(radians(one.lat))
    return hypot(one.lat - other.lat, east) * KM


@given(points)
def test_asking_again_tells_no_more(point: Point) -> None:
    assert blurred(blurred(point)) == blurred(point)


@given(inhabited)
def test_the_area_shown_is_the_one_the_place_is_in(point: Point) -> None:
    assert apart(point, blurred(point)) < 2.5


@given(inhabited, st.floats(-0.9, 0.9), st.floats(-0.9, 0.9))
def test_every_place_for_a_kilometre_around_the_middle_looks_the_same(
    point: Point, north: float, east: float
) -> None:
    middle = blurred(point)
    reach = CELL / 2
    near = Point(middle.lat + north * reach, max(-180, min(180, middle.lon + east * reach)))
    assert blurred(near) == middle
    assert reach * KM > 1


@given(points, points)
def test_no_two_cells_are_nearer_than_a_kilometre(one: Point, other: Point) -> None:
    here, there = blurred(one), blurred(other)
    assert here == there or apart(here, there) > 1 or max(abs(here.lat), abs(there.lat)) > 85


@pytest.mark.parametrize(
    "point", [Point(90, 0), Point(-90, 180), Point(0, 180), Point(0, -180), Point(90, -180)]
)
def test_the_ends_of_the_world_are_on_the_grid(point: Point) -> None:
    assert abs(blurred(point).lat - point.lat) <= CELL


def test_two_neighbours_meet_in_one_area() -> None:
    assert blurred(Point(33.7512, -84.3391)) == blurred(Point(33.7599, -84.3331))
