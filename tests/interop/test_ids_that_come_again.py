"""Servers that give one id to many activities, against a chapter as a real process.

Mobilizon, Friendica, Misskey and GoToSocial are not run here: what they say is written in their
shape, signed, and sent over a real socket.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.kit.databases import Databases
from tests.kit.loopback_peer import AS, LoopbackPeer, loopback_peer
from tests.kit.processes import Chapter, until

pytestmark = [pytest.mark.interop, pytest.mark.slow]
PUBLIC = f"{AS}#Public"
LATER = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def chapter(
    request: pytest.FixtureRequest, new_chapter: Callable[..., Chapter], databases: Databases
) -> Chapter:
    private = {"FEDI_CHAPTER_DANGER_ALLOW_PRIVATE_NETWORK": "1"}
    if request.param == "postgresql":
        private["FEDI_CHAPTER_DATABASE_URL"] = databases.empty_postgres()
    return new_chapter("atlanta", **private)


@pytest.fixture(scope="module")
def peer(rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> Iterator[LoopbackPeer]:
    with loopback_peer(rsa_keys[1]) as made:
        made.kinds["hall"] = "Group"
        yield made


def says(peer: LoopbackPeer, chapter: Chapter, activity: dict[str, Any]) -> None:
    """Say something a second later than what was said before, as people do."""
    at = datetime.now(UTC) + timedelta(seconds=next(LATER))
    answer = peer.say(chapter, {"@context": AS, **activity}, at=at)
    assert answer.status_code == 202, answer.text


def statuses(chapter: Chapter, event: dict[str, Any]) -> dict[str, str]:
    """Return what each attendee said, by their id."""
    found = chapter.run("event", "rsvps", event["id"])
    return {each["actor"]: each["status"] for each in found if each.get("actor")}


def an_event(chapter: Chapter, name: str) -> dict[str, Any]:
    made: dict[str, Any] = chapter.run(
        *("event", "create", "--name", name, "--start", "2031-05-04T09:00", "--rsvp", "on")
    )
    until(lambda: chapter.get(made["face"]).status_code == 200, "the face")
    return made


def test_a_mobilizon_neighbours_event_moves_and_is_cancelled_under_one_id(
    chapter: Chapter, peer: LoopbackPeer
) -> None:
    hall = peer.person("hall")
    peer.received.clear()
    chapter.run("follow", hall, "--wait", "0")
    until(lambda: peer.heard("Follow"), "our Follow")
    says(
        peer,
        chapter,
        {
            "type": "Accept",
            "id": f"{peer.base}/accept/follow/1",
            "actor": hall,
            "object": peer.heard("Follow")[0],
        },
    )
    uri, stamps = f"{peer.base}/events/0b1e", count()

    def tell(kind: str, **change: object) -> None:
        written = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=next(stamps))
        event = {
            "type": "Event",
            "id": uri,
            "url": uri,
            "uuid": "0b1e",
            "name": "Choir evening",
            "content": "<p>Come and sing.</p>",
            "attributedTo": hall,
            "actor": peer.person("owner"),
            "startTime": "2031-06-01T19:00:00+02:00",
            "endTime": "2031-06-01T21:00:00+02:00",
            "timezone": "Europe/Berlin",
            "location": {"type": "Place", "id": f"{peer.base}/address/1", "name": "Old hall"},
            "ical:status": "CONFIRMED",
            "joinMode": "free",
            "published": "2026-01-01T00:00:00Z",
            "updated": f"{written:%Y-%m-%dT%H:%M:%SZ}",
            "to": [PUBLIC],
            "cc": [f"{hall}/followers"],
            "attachment": [],
            "tag": [],
            **change,
        }
        activity = {"type": kind, "id": f"{uri}/activity", "actor": hall, "object": event}
        says(peer, chapter, {**activity, "to": [PUBLIC], "cc": [f"{hall}/followers"]})

    def home() -> str:
        return chapter.get("/", accept="text/html").text

    tell("Create")
    until(lambda: "Choir evening" in home(), "the event")
    moved = {
        "name": "Choir evening, moved",
        "startTime": "2031-06-02T19:00:00+02:00",
        "endTime": "2031-06-02T21:00:00+02:00",
    }
    tell("Update", **moved)
    until(lambda: "Choir evening, moved" in home(), "the event to move")
    tell("Update", **moved, **{"ical:status": "CANCELLED"})
    until(
        lambda: "Cancelled" in home() or "Choir evening" not in home(), "the event to be cancelled"
    )


def test_a_friendica_reply_edited_twice_under_one_id_counts_as_last_edited(
    chapter: Chapter, peer: LoopbackPeer
) -> None:
    event, mia = an_event(chapter, "Seed swap"), peer.person("mia")
    note = f"{peer.base}/objects/1"
    stamps = count()

    def tell(kind: str, words: str) -> None:
        written = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=next(stamps))
        reply = {
            "id": note,
            "type": "Note",
            "attributedTo": mia,
            "inReplyTo": event["face"],
            "content": f"<p>@atlanta {words}</p>",
            "published": "2026-01-01T00:00:00Z",
            "updated": f"{written:%Y-%m-%dT%H:%M:%SZ}",
            "to": [PUBLIC],
            "cc": [chapter.actor],
            "tag": [{"type": "Mention", "href": chapter.actor, "name": chapter.address}],
        }
        activity = {"type": kind, "id": f"{note}/{kind}", "actor": mia, "object": reply}
        says(peer, chapter, {**activity, "to": [PUBLIC], "cc": [chapter.actor]})

    for kind, words, status in (
        ("Create", "maybe", "maybe"),
        ("Update", "going", "going"),
        ("Update", "can't make it", "no"),
    ):
        tell(kind, words)
        until(lambda s=status: statuses(chapter, event).get(mia, "no") == s, words)  # type: ignore[misc]


def test_a_misskey_member_who_leaves_twice_under_one_id_has_left(
    chapter: Chapter, peer: LoopbackPeer
) -> None:
    leo = peer.person("leo")
    undo_id = f"{peer.base}/follows/leo/atlanta/undo"

    def followers() -> set[str]:
        return {each["actor"] for each in chapter.run("followers")}

    for number in range(2):
        follow = {
            "id": f"{peer.base}/follows/{number}",
            "type": "Follow",
            "actor": leo,
            "object": chapter.actor,
        }
        says(peer, chapter, follow)
        until(lambda: leo in followers(), "leo to follow")
        says(peer, chapter, {"id": undo_id, "type": "Undo", "actor": leo, "object": follow})
        until(lambda: leo not in followers(), f"leo to leave, time {number + 1}")


def test_a_gotosocial_member_votes_again_after_an_edit_under_one_id(
    chapter: Chapter, peer: LoopbackPeer
) -> None:
    event, ada = an_event(chapter, "Lantern walk"), peer.person("ada")
    poll = chapter.get(event["face"]).json()
    options = [each["name"] for each in poll["oneOf"]]

    def vote(option: int) -> None:
        ballot = {
            "id": f"{ada}#{event['face'].rpartition('/')[0]}/votes/{next(LATER)}",
            "type": "Note",
            "name": options[option],
            "attributedTo": ada,
            "inReplyTo": event["face"],
            "to": chapter.actor,
        }
        activity = {"type": "Create", "id": f"{ada}/activity#vote0/{event['face']}"}
        says(peer, chapter, {**activity, "actor": ada, "to": chapter.actor, "object": ballot})

    vote(0)
    until(lambda: statuses(chapter, event).get(ada) == "going", "the vote")
    chapter.run("event", "edit", event["id"], "--start", "2031-05-05T10:00")
    vote(1)
    until(lambda: statuses(chapter, event).get(ada) == "maybe", "the second vote")


def test_an_exact_replay_has_no_second_effect_and_is_counted(
    chapter: Chapter, peer: LoopbackPeer
) -> None:
    ben = peer.person("ben")
    follow = {
        "@context": AS,
        "id": f"{peer.base}/follows/ben",
        "type": "Follow",
        "actor": ben,
        "object": chapter.actor,
    }
    undo = {"@context": AS, "id": f"{ben}#undo", "type": "Undo", "actor": ben, "object": follow}
    at = datetime.now(UTC)

    def followers() -> set[str]:
        return {each["actor"] for each in chapter.run("followers")}

    before = chapter.run("queue", "status")
    assert peer.say(chapter, follow, at=at).status_code == 202
    until(lambda: ben in followers(), "ben to follow")
    assert peer.say(chapter, undo, at=at + timedelta(seconds=1)).status_code == 202
    until(lambda: ben not in followers(), "ben to leave")
    assert peer.say(chapter, follow, at=at).status_code == 202
    peer_says_more = {**follow, "id": f"{peer.base}/follows/eve", "actor": peer.person("eve")}
    assert peer.say(chapter, peer_says_more).status_code == 202
    until(lambda: peer.person("eve") in followers(), "what came after the replay")
    assert ben not in followers()
    assert chapter.run("queue", "status") != before


@pytest.mark.parametrize("part", ["id", "face"])
def test_what_we_write_names_its_thread_as_microblog_pub_needs(chapter: Chapter, part: str) -> None:
    event = an_event(chapter, f"Repair evening ({part})")
    post = chapter.run("post", "create", "Hello")
    for document in (chapter.get(event[part]).json(), chapter.get(post["id"]).json()):
        assert document["conversation"]
        assert document["context"]
        assert document["replies"]["first"]["type"] == "CollectionPage"
