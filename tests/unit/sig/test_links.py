"""Links that are keys: what we wrote is read again, and nothing else is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.sig.links import Links

MASTER = b"a master key"
LINKS = Links(MASTER)
RSVP = "01932000-0000-7000-8000-0000000000d1"


@given(subject=st.text(max_size=200), turn=st.integers(0, 10**6))
def test_what_was_made_for_a_purpose_is_read_for_it(subject: str, turn: int) -> None:
    assert LINKS.read("rsvp", LINKS.make("rsvp", subject, turn)) == (subject, turn)


def test_a_link_for_one_purpose_opens_nothing_else() -> None:
    assert LINKS.read("place", LINKS.make("rsvp", RSVP)) is None


def test_a_link_made_under_another_master_key_is_worth_nothing() -> None:
    assert LINKS.read("rsvp", Links(b"another").make("rsvp", RSVP)) is None


def test_no_character_of_a_link_can_be_changed_added_or_left_out() -> None:
    token = LINKS.make("rsvp", RSVP, 3)
    for at in range(len(token)):
        for letter in string.ascii_letters + string.digits + "-_=+/ ":
            changed = token[:at] + letter + token[at + 1 :]
            assert changed == token or LINKS.read("rsvp", changed) is None
        assert LINKS.read("rsvp", token[:at] + token[at + 1 :]) is None
    assert LINKS.read("rsvp", token + "A") is None
    assert LINKS.read("rsvp", token + "=") is None


@pytest.mark.parametrize("token", ["", "A", "é", "%00", "A" * 100_000, "\ud800"])
def test_nonsense_is_no_link(token: str) -> None:
    assert LINKS.read("rsvp", token) is None


def test_a_link_can_stand_in_an_address_as_it_is() -> None:
    token = LINKS.make("rsvp", RSVP)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")


def test_a_fingerprint_says_the_same_of_the_same_and_shows_nothing() -> None:
    address = "ana@example.org"
    assert LINKS.fingerprint("mail", address) == Links(MASTER).fingerprint("mail", address)
    assert LINKS.fingerprint("mail", address) != Links(b"another").fingerprint("mail", address)
    assert LINKS.fingerprint("mail", address) != LINKS.fingerprint("place", address)
    assert "ana" not in LINKS.fingerprint("mail", address)
