"""A member on a Fedify server, which nobody of this project wrote, and a chapter.

Fedify verifies every signature it accepts; whatever stands in `received` was proven to it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.processes import Chapter, Member, until

pytestmark = [pytest.mark.interop, pytest.mark.slow]

SCHEMES = {
    "cavage": {"FIRST_KNOCK": "draft-cavage-http-signatures-12", "ONLY_CAVAGE": "1"},
    "rfc9421": {"FIRST_KNOCK": "rfc9421", "ONLY_RFC9421": "1"},
}


@pytest.fixture(scope="module")
def atlanta(new_chapter: Callable[..., Chapter]) -> Chapter:
    return new_chapter("atlanta")


@pytest.fixture(scope="module", params=SCHEMES)
def alice(request: pytest.FixtureRequest, new_member: Callable[..., Member]) -> Member:
    """A member whose server signs with, and takes, one scheme only."""
    return new_member(**SCHEMES[request.param])


@pytest.fixture(scope="module")
def follow(alice: Member, atlanta: Chapter) -> dict[str, str]:
    asked: dict[str, str] = alice.does("follow", target=atlanta.address)
    until(lambda: alice.sees("following").get(atlanta.actor) == "accepted", "the chapter's Accept")
    return asked


def entry(alice: Member, uri: str, check: Callable[[dict[str, Any]], Any] = bool) -> dict[str, Any]:
    """Return the timeline entry `uri` of alice once it satisfies `check`."""

    def found() -> dict[str, Any] | None:
        entries = [each for each in alice.sees("timeline") if each["id"] == uri]
        return entries[0] if entries and check(entries[0]) else None

    result: dict[str, Any] = until(found, f"{uri} in the timeline")
    return result


def test_the_member_finds_the_chapter_by_its_handle(alice: Member, atlanta: Chapter) -> None:
    found = alice.does("find", target=atlanta.address)
    assert found == {"id": atlanta.actor, "type": "Group", "name": "Atlanta"}


def test_a_follow_is_accepted_and_counted(
    alice: Member, atlanta: Chapter, follow: dict[str, str]
) -> None:
    assert alice.actor in [each["actor"] for each in atlanta.run("followers")]
    accepts = [each for each in alice.sees("received") if each["type"] == "Accept"]
    assert follow["id"] in [each["object"] for each in accepts]


def test_a_post_arrives_is_edited_and_goes_away(
    alice: Member, atlanta: Chapter, follow: dict[str, str]
) -> None:
    made = atlanta.run("post", "create", "We meet on **Tuesday** #meeting")
    arrived = entry(alice, made["id"])
    assert arrived["type"] == "Note"
    assert "<strong>Tuesday</strong>" in arrived["content"]

    atlanta.run("post", "edit", made["id"], "We meet on **Wednesday** #meeting")
    edited = entry(alice, made["id"], lambda each: "Wednesday" in each["content"])
    assert edited["updated"]

    atlanta.run("post", "delete", made["id"])
    until(
        lambda: made["id"] not in [each["id"] for each in alice.sees("timeline")],
        "the post to go away",
    )


def test_an_event_arrives_once_as_its_face_and_says_when_it_is_cancelled(
    alice: Member, atlanta: Chapter, follow: dict[str, str]
) -> None:
    made = atlanta.run(
        *("event", "create", "--name", "Park clean-up", "--start", "2031-09-20T10:00"),
        *("--place", "Grant Park", "--address", "840 Cherokee Ave SE, Atlanta"),
    )
    arrived = entry(alice, made["face"])
    assert "Park clean-up" in arrived["content"]
    assert "Grant Park" in arrived["content"]
    assert made["id"] not in [each["id"] for each in alice.sees("timeline")]

    atlanta.run("event", "cancel", made["id"], "--reason", "thunderstorm")
    entry(alice, made["face"], lambda each: "CANCELLED" in each["content"])

    atlanta.run("event", "delete", made["id"])
    until(
        lambda: made["face"] not in [each["id"] for each in alice.sees("timeline")],
        "the event to go away",
    )


def test_a_reply_stands_under_the_post_changes_and_goes_away(
    alice: Member, atlanta: Chapter, follow: dict[str, str]
) -> None:
    made = atlanta.run("post", "create", "Who brings gloves?")
    entry(alice, made["id"])
    written = alice.does("reply", object=made["id"], content="<p>I bring gloves</p>")

    def page() -> str:
        return atlanta.get(made["url"], accept="text/html").text

    until(lambda: "I bring gloves" in page(), "the reply on the page")
    replies = atlanta.get(f"{made['id']}/replies?page=1").json()
    assert written["id"] in str(replies)

    alice.does("edit", note=written["id"], content="<p>I bring <em>twenty</em> gloves</p>")
    until(lambda: "<em>twenty</em>" in page(), "the edited reply")

    alice.does("remove", note=written["id"])
    until(lambda: "gloves</p>" not in page(), "the reply to go away")


def test_a_private_reply_shows_nowhere(
    alice: Member, atlanta: Chapter, follow: dict[str, str]
) -> None:
    made = atlanta.run("post", "create", "Ask us anything")
    entry(alice, made["id"])
    alice.does("reply", object=made["id"], content="<p>canary-in-private</p>", direct=True)
    public = alice.does("reply", object=made["id"], content="<p>said aloud</p>")

    def page() -> str:
        return atlanta.get(made["url"], accept="text/html").text

    until(lambda: "said aloud" in page(), "the public reply")
    assert "canary-in-private" not in page()
    assert public["id"] in str(atlanta.get(f"{made['id']}/replies?page=1").json())


def test_likes_and_boosts_are_counted_and_taken_back(
    alice: Member, atlanta: Chapter, follow: dict[str, str]
) -> None:
    made = atlanta.run("post", "create", "Thank you all")
    entry(alice, made["id"])
    like = alice.does("like", object=made["id"])
    boost = alice.does("boost", object=made["id"])

    def counts() -> tuple[int, int]:
        document = atlanta.get(made["id"]).json()
        return document["likes"]["totalItems"], document["shares"]["totalItems"]

    until(lambda: counts() == (1, 1), "like and boost to be counted")
    alice.does("undo", type="Like", id=like["id"], object=made["id"])
    alice.does("undo", type="Announce", id=boost["id"], object=made["id"])
    until(lambda: counts() == (0, 0), "like and boost to be taken back")


def test_the_chapter_follows_the_member_and_hears_its_answer(
    alice: Member, atlanta: Chapter
) -> None:
    atlanta.run("follow", alice.address)
    until(
        lambda: (
            {"actor": alice.actor, "state": "accepted"}
            in [
                {"actor": each["actor"], "state": each["state"]}
                for each in atlanta.run("following")
            ]
        ),
        "the member's Accept",
    )


def test_every_signature_was_verified(alice: Member, follow: dict[str, str]) -> None:
    answers = {each["status"] for each in alice.sees("requests") if each["scheme"] != "refused"}
    assert answers == {202}


def test_the_member_unfollows(alice: Member, atlanta: Chapter, follow: dict[str, str]) -> None:
    alice.does("unfollow", target=atlanta.address, follow=follow["id"])
    until(
        lambda: alice.actor not in [each["actor"] for each in atlanta.run("followers")],
        "the follower to be gone",
    )
