"""A place is told with its address, and nothing of it twice."""

import pytest

from fedi_chapter.domain.place import Place


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("Mill Hall", None, "Mill Hall"),
        ("Mill Hall", "12 Mill Lane", "Mill Hall, 12 Mill Lane"),
        ("12 Mill Lane", "12 Mill Lane", "12 Mill Lane"),
        ("Mill Hall", "Mill Hall, 12 Mill Lane", "Mill Hall, 12 Mill Lane"),
        ("Mill Hall", "MILL HALL · 12 Mill Lane", "Mill Hall, 12 Mill Lane"),
        ("Mill Hall, 12 Mill Lane", "12 Mill Lane", "Mill Hall, 12 Mill Lane"),
        ("Mill", "Mill Lane 12", "Mill, Mill Lane 12"),
        ("Mill", "Millstone Lane 12", "Mill, Millstone Lane 12"),
        ("Room 12", "1", "Room 12, 1"),
        ("Straße", "Strasse 5", "Straße, Strasse 5"),
        ("茶室", "茶室 京都", "茶室, 茶室 京都"),
        ("Mill Hall", "", "Mill Hall"),
    ],
)
def test_name_and_address_are_told_once(name: str, address: str | None, words: str) -> None:
    assert Place("p", name, address).words == words
