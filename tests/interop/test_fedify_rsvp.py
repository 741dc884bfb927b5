"""Answering an event from a Fedify server: every dialect, and what comes back, proven to it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.processes import Chapter, Member, until

pytestmark = [pytest.mark.interop, pytest.mark.slow]

OPTIONS = ("Going", "Maybe", "Can't come")
GATHERED = 60.0
"""Seconds until new totals must have arrived; they gather for 30."""


@pytest.fixture(scope="module")
def atlanta(new_chapter: Callable[..., Chapter]) -> Chapter:
    return new_chapter("atlanta")


@pytest.fixture(scope="module")
def alice(new_member: Callable[..., Member], atlanta: Chapter) -> Member:
    member = new_member()
    member.does("follow", target=atlanta.address)
    until(lambda: member.sees("following").get(atlanta.actor) == "accepted", "the Accept")
    return member


@pytest.fixture
def event(atlanta: Chapter) -> dict[str, Any]:
    made: dict[str, Any] = atlanta.run(
        *("event", "create", "--name", "Park clean-up", "--start", "2031-09-20T10:00"),
        *("--capacity", "40", "--bring", "gloves"),
    )
    return made


def totals(alice: Member, event: dict[str, Any]) -> list[int] | None:
    """Return what her app shows of the poll."""
    entries = [each for each in alice.sees("timeline") if each["id"] == event["face"]]
    return [entries[0]["totals"][name] for name in OPTIONS] if entries else None


def counted(atlanta: Chapter, event: dict[str, Any], number: int) -> None:
    until(lambda: heads(atlanta, event) == number, f"{number} to be counted")


def heads(atlanta: Chapter, event: dict[str, Any]) -> int:
    """Return how many come, as the organizers see it."""
    people = atlanta.run("event", "rsvps", event["id"])
    return sum(1 + each["guests"] for each in people if each["status"] == "going")


def answered(alice: Member, kind: str) -> list[str]:
    """Return what her server was told of by activities of one kind."""
    return [each["object"] for each in alice.sees("received") if each["type"] == kind]


def told_directly(alice: Member) -> list[dict[str, Any]]:
    """Return what was sent to her alone."""
    return [each for each in alice.sees("timeline") if each["to"] == [alice.actor]]


def test_a_vote_counts_is_confirmed_and_comes_back_as_new_totals(
    alice: Member, atlanta: Chapter, event: dict[str, Any]
) -> None:
    until(lambda: totals(alice, event) == [0, 0, 0], "the poll in her timeline")
    alice.does("vote", question=event["face"], option="Going")
    counted(atlanta, event, 1)
    until(
        lambda: [each for each in told_directly(alice) if "Park clean-up" in each["content"]],
        "a confirmation for her alone",
    )
    until(lambda: totals(alice, event) == [1, 0, 0], "the new totals", seconds=GATHERED)


def test_a_reply_in_words_brings_two_friends(
    alice: Member, atlanta: Chapter, event: dict[str, Any]
) -> None:
    until(lambda: totals(alice, event) is not None, "the poll in her timeline")
    alice.does("reply", object=event["face"], content="<p>going +2</p>")
    counted(atlanta, event, 3)
    alice.does("reply", object=event["face"], content="<p>can't make it</p>")
    counted(atlanta, event, 0)


def test_a_join_is_accepted_by_its_id_and_left_again(
    alice: Member, atlanta: Chapter, event: dict[str, Any]
) -> None:
    joined = alice.does("join", event=event["id"])
    until(lambda: joined["id"] in answered(alice, "Accept"), "the Accept of her Join")
    counted(atlanta, event, 1)
    alice.does("leave", event=event["id"])
    counted(atlanta, event, 0)


def test_an_accept_of_the_event_counts_until_it_is_undone(
    alice: Member, atlanta: Chapter, event: dict[str, Any]
) -> None:
    said = alice.does("accept", event=event["id"])
    counted(atlanta, event, 1)
    alice.does("undo", type="Accept", id=said["id"], object=event["id"])
    counted(atlanta, event, 0)


def test_a_join_of_an_event_that_asks_nobody_is_ignored_by_its_id(
    alice: Member, atlanta: Chapter
) -> None:
    quiet = atlanta.run(
        *("event", "create", "--name", "Open door", "--start", "2031-09-21T10:00"),
        *("--rsvp", "off"),
    )
    joined = alice.does("join", event=quiet["id"])
    until(lambda: joined["id"] in answered(alice, "Ignore"), "the Ignore of her Join")


def test_every_signature_was_verified(alice: Member) -> None:
    assert {each["status"] for each in alice.sees("requests")} == {202}
