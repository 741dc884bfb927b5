"""Documents in the shapes other servers write them, each read as what it is."""

import json
from pathlib import Path

import pytest

from fedi_chapter.core.errors import MalformedActivity
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.read import READERS, read_activity

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
CHAPTER = "https://elm.example.org/chapter"
EVENT = "https://elm.example.org/events/0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"
ANA = "https://social.example/users/ana"

EXPECTED: dict[str, type[act.Activity]] = {
    "bridgy-fed/reject-two-events": act.EventAnswer,
    "everycal/create-all-day-event": act.CreateEvent,
    "friendica/accept-event": act.FollowAnswer,
    "friendica/dislike": act.Other,
    "friendica/tentative-accept-event": act.EventAnswer,
    "gancio/create-event": act.CreateEvent,
    "gancio/delete-event": act.DeleteObject,
    "gotosocial/accept-bare-id": act.FollowAnswer,
    "hubzilla/accept-invite": act.EventAnswer,
    "hubzilla/create-event": act.CreateEvent,
    "lemmy/announce-create": act.Announce,
    "mastodon/accept-follow": act.FollowAnswer,
    "mastodon/accept-quote": act.QuoteAnswer,
    "mastodon/add": act.AddOrRemove,
    "mastodon/announce": act.Announce,
    "mastodon/block": act.Block,
    "mastodon/create-private-mention": act.CreateNote,
    "mastodon/create-reply": act.CreateNote,
    "mastodon/delete-actor": act.DeleteActor,
    "mastodon/delete-reply": act.DeleteObject,
    "mastodon/flag": act.Flag,
    "mastodon/follow": act.Follow,
    "mastodon/like": act.Like,
    "mastodon/move": act.Move,
    "mastodon/quote-request": act.QuoteRequest,
    "mastodon/reject-follow": act.FollowAnswer,
    "mastodon/remove": act.AddOrRemove,
    "mastodon/undo-announce": act.UndoAnnounce,
    "mastodon/undo-block": act.UndoBlock,
    "mastodon/undo-follow": act.UndoFollow,
    "mastodon/undo-like": act.UndoLike,
    "mastodon/update-person": act.UpdateActor,
    "mastodon/update-reply": act.UpdateNote,
    "mastodon/vote": act.Vote,
    "misskey/like": act.Like,
    "mobilizon/announce-embedded-event": act.Announce,
    "mobilizon/create-event-of-a-group": act.CreateByReference,
    "mobilizon/create-event-of-a-person": act.CreateEvent,
    "mobilizon/join": act.Join,
    "mobilizon/leave": act.Leave,
    "owncast/create-event": act.CreateEvent,
    "peertube/create-video": act.CreateByReference,
    "pleroma/emoji-react": act.Like,
    "takahe/create-note": act.CreateNote,
}


def body(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes()


def read(name: str) -> act.Activity:
    return read_activity(body(name))


@pytest.mark.parametrize(("name", "kind"), EXPECTED.items())
def test_an_activity_is_read_as_what_it_is(name: str, kind: type[act.Activity]) -> None:
    assert type(read(name)) is kind


def test_every_golden_activity_is_expected_as_something() -> None:
    found = {
        f"{path.parent.name}/{path.stem}"
        for path in GOLDEN.glob("*/*.json")
        if json.loads(path.read_text())["type"] in READERS or path.stem == "dislike"
    }
    assert found == set(EXPECTED)


def test_a_follow_is_kept_as_it_came() -> None:
    follow = read("mastodon/follow")
    assert isinstance(follow, act.Follow)
    assert follow.target == CHAPTER
    assert follow.document == {
        "id": "https://social.example/5d1c9f10",
        "type": "Follow",
        "actor": ANA,
        "object": CHAPTER,
    }


def test_an_undone_follow_names_its_target_so_that_an_unknown_id_does_not_matter() -> None:
    undo = read("mastodon/undo-follow")
    assert isinstance(undo, act.UndoFollow)
    assert (undo.follow_id, undo.target) == ("https://social.example/5d1c9f10", CHAPTER)


def test_an_answer_to_our_follow_names_who_asked_whom() -> None:
    answer = read("mastodon/reject-follow")
    assert isinstance(answer, act.FollowAnswer)
    assert (answer.accepted, answer.follower, answer.target) == (False, CHAPTER, ANA)


def test_an_accept_of_a_bare_id_is_matched_by_that_id() -> None:
    answer = read("gotosocial/accept-bare-id")
    assert isinstance(answer, act.FollowAnswer)
    assert answer.accepted
    assert (
        answer.follow_id == "https://elm.example.org/follows/0197c1b2-7a10-7cc2-9f5e-000000000005"
    )


def test_a_public_reply_is_read_with_all_that_we_show() -> None:
    created = read("mastodon/create-reply")
    assert isinstance(created, act.CreateNote)
    note = created.note
    assert note.is_public
    assert note.is_listed
    assert note.in_reply_to == EVENT
    assert note.language == "en"
    assert note.mentions == (CHAPTER,)
    assert note.url == "https://social.example/@ana/301"
    assert note.warning is None


def test_a_private_mention_is_not_public() -> None:
    created = read("mastodon/create-private-mention")
    assert isinstance(created, act.CreateNote)
    assert not created.note.is_public
    assert created.note.to == (CHAPTER,)


def test_an_edit_without_author_and_audience_takes_them_from_its_envelope() -> None:
    edited = read("mastodon/update-reply")
    assert isinstance(edited, act.UpdateNote)
    assert edited.note.attributed_to == ANA
    assert edited.note.is_public
    assert edited.note.updated is not None


def test_a_vote_keeps_the_exact_name_of_its_option() -> None:
    vote = read("mastodon/vote")
    assert isinstance(vote, act.Vote)
    assert (vote.question, vote.option) == (f"{EVENT}/face", "Coming")
    assert vote.to == (CHAPTER,)


@pytest.mark.parametrize("content", ["", None, "<p></p>", " <p><br/></p>\n", "<p>&nbsp;</p>"])
def test_a_vote_with_nothing_to_read_is_a_vote(content: str | None) -> None:
    document = json.loads(body("mastodon/vote"))
    document["object"] |= {"content": content, "contentMap": {"en": content}}
    assert isinstance(read_activity(json.dumps(document).encode()), act.Vote)


@pytest.mark.parametrize("content", ["<p>Coming</p>", "<p></p>x", "🎉"])
def test_a_reply_with_text_is_never_a_vote(content: str) -> None:
    document = json.loads(body("mastodon/vote"))
    document["object"]["content"] = content
    assert isinstance(read_activity(json.dumps(document).encode()), act.CreateNote)


def test_a_deleted_post_names_no_former_type_on_mastodon_and_event_on_gancio() -> None:
    post, event = read("mastodon/delete-reply"), read("gancio/delete-event")
    assert isinstance(post, act.DeleteObject)
    assert isinstance(event, act.DeleteObject)
    assert (post.former_type, event.former_type) == (None, "Event")


def test_a_pin_needs_no_id() -> None:
    pin = read("mastodon/add")
    assert isinstance(pin, act.AddOrRemove)
    assert pin.id is None
    assert pin.added


def test_a_quote_request_names_the_quote_and_its_author() -> None:
    request = read("mastodon/quote-request")
    assert isinstance(request, act.QuoteRequest)
    assert request.instrument == f"{ANA}/statuses/305"
    assert request.instrument_author == ANA


def test_takahes_short_name_of_the_public_and_single_values_are_understood() -> None:
    created = read("takahe/create-note")
    assert isinstance(created, act.CreateNote)
    assert created.note.to == (act.PUBLIC,)
    assert created.note.cc == (CHAPTER,)
    assert created.note.mentions == (CHAPTER,)


def test_an_embedded_event_in_a_boost_is_not_believed_only_named() -> None:
    boost = read("mobilizon/announce-embedded-event")
    assert isinstance(boost, act.Announce)
    assert boost.inner_type is None
    assert boost.object.startswith("https://mobilizon.example/events/")


def test_a_groups_relay_of_a_create_names_the_inner_object() -> None:
    boost = read("lemmy/announce-create")
    assert isinstance(boost, act.Announce)
    assert (boost.inner_type, boost.object) == ("Create", "https://lemmy.example/post/1")


@pytest.mark.parametrize(
    ("name", "answer", "count"),
    [
        ("friendica/tentative-accept-event", "TentativeAccept", 1),
        ("hubzilla/accept-invite", "Accept", 1),
        ("bridgy-fed/reject-two-events", "Reject", 2),
    ],
)
def test_every_form_of_an_rsvp_names_its_events(name: str, answer: str, count: int) -> None:
    rsvp = read(name)
    assert isinstance(rsvp, act.EventAnswer)
    assert rsvp.answer == answer
    assert len(rsvp.objects) == count
    assert rsvp.objects[0] == EVENT


def test_what_we_have_no_use_for_says_why() -> None:
    dislike = read("friendica/dislike")
    assert isinstance(dislike, act.Other)
    assert (dislike.type, dislike.reason) == ("Dislike", "unknown type")


def test_an_activity_without_an_actor_id_is_malformed_not_a_crash() -> None:
    with pytest.raises(MalformedActivity, match="actor"):
        read_activity(b'{"type":"Accept","actor":{"type":"Person","name":"Sally"},"object":{}}')
