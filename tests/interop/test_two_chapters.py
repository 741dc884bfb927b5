"""Two chapters as two real processes, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator

import pytest

from tests.kit.databases import Databases
from tests.kit.processes import Chapter, until

pytestmark = [pytest.mark.interop, pytest.mark.slow]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pair(
    request: pytest.FixtureRequest, new_chapter: Callable[..., Chapter], databases: Databases
) -> Iterator[tuple[Chapter, Chapter]]:
    if request.param == "sqlite":
        yield new_chapter("atlanta"), new_chapter("athens")
        return
    yield (
        new_chapter("atlanta", FEDI_CHAPTER_DATABASE_URL=databases.empty_postgres()),
        new_chapter("athens", FEDI_CHAPTER_DATABASE_URL=databases.empty_postgres()),
    )


@pytest.fixture(scope="module")
def neighbours(pair: tuple[Chapter, Chapter]) -> tuple[Chapter, Chapter]:
    """Athens follows Atlanta."""
    atlanta, athens = pair
    athens.run("follow", atlanta.address)
    until(
        lambda: [each["state"] for each in athens.run("following")] == ["accepted"],
        "Atlanta's Accept",
    )
    return atlanta, athens


def home_of(chapter: Chapter) -> str:
    return chapter.get("/", accept="text/html").text


def test_one_chapter_follows_the_other(neighbours: tuple[Chapter, Chapter]) -> None:
    atlanta, athens = neighbours
    assert [each["actor"] for each in atlanta.run("followers")] == [athens.actor]
    assert atlanta.get("/chapter/followers").json()["totalItems"] == 1
    assert athens.get("/chapter/following").json()["totalItems"] == 1


def test_a_neighbours_post_and_event_show_on_the_home_page(
    neighbours: tuple[Chapter, Chapter],
) -> None:
    atlanta, athens = neighbours
    post = atlanta.run("post", "create", "Atlanta says hello")
    event = atlanta.run("event", "create", "--name", "River walk", "--start", "2031-05-04T09:00")
    until(lambda: "Atlanta says hello" in home_of(athens), "the post at Athens")
    until(lambda: "River walk" in home_of(athens), "the event at Athens")

    atlanta.run("event", "edit", event["id"], "--name", "Longer river walk")
    until(lambda: "Longer river walk" in home_of(athens), "the edited event at Athens")

    atlanta.run("post", "delete", post["id"])
    atlanta.run("event", "delete", event["id"])
    until(lambda: "Atlanta says hello" not in home_of(athens), "the post to go away")
    until(lambda: "Longer river walk" not in home_of(athens), "the event to go away")


def test_a_boost_travels_and_is_taken_back(neighbours: tuple[Chapter, Chapter]) -> None:
    atlanta, athens = neighbours
    event = atlanta.run("event", "create", "--name", "Tree planting", "--start", "2031-05-05T09:00")
    until(lambda: "Tree planting" in home_of(athens), "the event at Athens")
    athens.run("boost", event["id"])

    def shares() -> int:
        return int(atlanta.get(event["id"]).json()["shares"]["totalItems"])

    until(lambda: shares() == 1, "the boost to be counted")
    athens.run("unboost", event["id"])
    until(lambda: shares() == 0, "the boost to be taken back")


def test_one_chapter_comes_to_the_others_event_and_hears_that_it_has_a_place(
    neighbours: tuple[Chapter, Chapter],
) -> None:
    atlanta, athens = neighbours
    start = ("--start", "2031-05-06T09:00", "--rsvp", "on")
    event = atlanta.run("event", "create", "--name", "River count", *start)

    def attendees() -> int:
        return int(atlanta.get(event["id"]).json()["attendees"]["totalItems"])

    said = athens.run("event", "attend", event["id"], "--wait", "20")
    assert (said["status"], said["state"], said["sent"]) == ("going", "confirmed", "Join")
    until(lambda: attendees() == 1, "the chapter to be counted")
    perhaps = athens.run("event", "attend", event["id"], "--status", "maybe", "--wait", "0")
    assert (perhaps["state"], perhaps["sent"]) == ("told", "TentativeAccept")
    until(lambda: attendees() == 0, "the seat to be free again")
    athens.run("event", "attend", event["id"], "--status", "no")
    (listed,) = athens.run("event", "attending")
    assert (listed["name"], listed["state"]) == ("River count", "withdrawn")


def test_a_key_rotation_loses_no_follower(neighbours: tuple[Chapter, Chapter]) -> None:
    atlanta, athens = neighbours
    before = atlanta.get("/chapter").json()["publicKey"]["publicKeyPem"]
    atlanta.run("key", "rotate")
    assert atlanta.get("/chapter").json()["publicKey"]["publicKeyPem"] != before
    atlanta.run("post", "create", "Signed with the new key")
    until(lambda: "Signed with the new key" in home_of(athens), "a post under the new key")
    assert [each["actor"] for each in atlanta.run("followers")] == [athens.actor]


def test_a_blocked_chapter_is_turned_away(neighbours: tuple[Chapter, Chapter]) -> None:
    atlanta, athens = neighbours
    atlanta.run("block", athens.actor)
    assert atlanta.run("followers") == []
    until(
        lambda: [each["state"] for each in athens.run("following")] in ([], ["rejected"]),
        "Athens to learn that it was turned away",
    )
    atlanta.run("unblock", athens.actor)
