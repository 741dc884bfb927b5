"""Rules of the classifier that hold whatever software sent the activity."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fedi_chapter.core.errors import MalformedActivity
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.read import read_activity

ANA = "https://social.example/users/ana"
EVENT = "https://elm.example.org/events/1"


def read(kind: object, **members: Any) -> act.Activity:
    return read_activity(json.dumps({"type": kind, "actor": ANA, **members}).encode())


def note(**members: Any) -> dict[str, Any]:
    return {"id": f"{ANA}/1", "type": "Note", "attributedTo": ANA, "content": "Hi", **members}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_an_object_on_another_host_is_only_a_hint_to_fetch_it(kind: str) -> None:
    hint = read(kind, object=note(id="https://other.example/1"))
    assert isinstance(hint, act.CreateByReference)
    assert hint.object == "https://other.example/1"
    assert hint.is_update is (kind == "Update")


@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize("thing", [f"{ANA}/1", [f"{ANA}/1"], {"id": f"{ANA}/1"}])
def test_an_object_given_by_id_is_fetched(kind: str, thing: object) -> None:
    hint = read(kind, object=thing)
    assert isinstance(hint, act.CreateByReference)
    assert (hint.object, hint.is_update) == (f"{ANA}/1", kind == "Update")


def test_an_object_whose_lists_of_addressees_are_empty_has_those_of_its_envelope() -> None:
    create = read("Create", object=note(to=[], cc=[]), to=[PUBLIC])
    assert isinstance(create, act.CreateNote)
    assert create.note.is_public
    private = read("Create", object=note(to=[EVE], cc=[]), to=[PUBLIC])
    assert isinstance(private, act.CreateNote)
    assert not private.note.is_public


EVE = "https://social.example/users/eve"


@pytest.mark.parametrize("authors", [[ANA, EVE], [EVE, ANA]])
def test_a_note_of_several_authors_is_fetched_and_an_event_may_have_several(
    authors: list[str],
) -> None:
    hint = read("Create", object=note(attributedTo=authors, inReplyTo=f"{EVE}/1"))
    assert isinstance(hint, act.CreateByReference)
    assert (hint.object, hint.in_reply_to) == (f"{ANA}/1", f"{EVE}/1")
    event = note(attributedTo=authors, type="Event", name="A", startTime="2026-10-03T12:00:00Z")
    expected = act.CreateEvent if authors[0] == ANA else act.CreateByReference
    assert isinstance(read("Create", object=event), expected)


@pytest.mark.parametrize(
    "author",
    [
        EVE,
        "https://other.example/users/ana",
        {"id": "https://social.example/users/eve", "type": "Person"},
        [],
        "not an id",
        7,
    ],
)
def test_an_object_of_another_author_is_not_believed(author: object) -> None:
    for thing in (note(attributedTo=author), note(attributedTo=author, type="Event", name="A")):
        other = read("Create", object=thing)
        assert isinstance(other, act.Other)
        assert other.reason == "an object of another author"


def test_the_author_may_be_an_object_with_the_actors_id() -> None:
    assert isinstance(read("Create", object=note(attributedTo={"id": ANA})), act.CreateNote)


def test_an_unreadable_event_is_refused_with_the_reason() -> None:
    other = read("Create", object=note(type="Event", name="Party", startTime="soon"))
    assert isinstance(other, act.Other)
    assert "readable start" in other.reason


@pytest.mark.parametrize("kind", ["Image", "Video", "Audio"])
def test_a_picture_is_a_note_when_it_has_text(kind: str) -> None:
    assert isinstance(read("Create", object=note(type=kind)), act.CreateNote)
    assert isinstance(read("Create", object=note(type=kind, content=None)), act.Other)


def test_an_unknown_object_type_is_ignored() -> None:
    other = read("Create", object=note(type="Story"))
    assert isinstance(other, act.Other)
    assert "Story" in other.reason


def test_of_several_types_the_first_supported_one_counts() -> None:
    assert isinstance(read(["Shout", "Like"], object=EVENT), act.Like)
    assert isinstance(read("Create", object=note(type=["Poem", "Note"])), act.CreateNote)


def test_a_profile_of_somebody_else_is_ignored() -> None:
    other = read("Update", object={"id": "https://social.example/users/eve", "type": "Person"})
    assert isinstance(other, act.Other)


@pytest.mark.parametrize("profile", [ANA, {"id": ANA, "type": "Person"}])
def test_an_unreadable_profile_still_says_whose_it_is(profile: object) -> None:
    update = read("Update", object=profile)
    assert isinstance(update, act.UpdateActor)
    assert update.profile is None
    assert update.subject == ANA


def test_an_undo_of_a_bare_id_is_left_to_the_handler() -> None:
    undo = read("Undo", object=f"{ANA}#follows/1")
    assert isinstance(undo, act.UndoUnknown)


def test_an_undo_of_somebody_elses_activity_is_ignored() -> None:
    follow = {"type": "Follow", "actor": "https://social.example/users/eve", "object": EVENT}
    assert isinstance(read("Undo", object=follow), act.Other)


def test_an_undo_we_do_not_know_is_named() -> None:
    other = read("Undo", object={"type": "Delete", "actor": ANA, "object": EVENT})
    assert isinstance(other, act.Other)
    assert other.reason == "the undo of Delete"


@pytest.mark.parametrize("kind", ["Accept", "TentativeAccept", "Join", "sm:TentativeJoin"])
def test_an_undone_answer_says_what_it_was(kind: str) -> None:
    said = {"type": kind, "id": f"{ANA}#1", "object": {"type": "Event", "id": EVENT}}
    undo = read("Undo", object=said | {"published": "2026-10-01T10:00:00Z"})
    assert isinstance(undo, act.UndoAnswer)
    assert (undo.answer, undo.answer_id, undo.objects) == (kind, f"{ANA}#1", (EVENT,))
    assert undo.said_at == datetime(2026, 10, 1, 10, tzinfo=UTC)


def test_a_copy_of_an_event_under_a_foreign_author_is_left_out() -> None:
    event = {"type": "Event", "id": EVENT, "attributedTo": "https://elm.example.org/chapter"}
    forged = {**event, "id": f"{EVENT}2", "attributedTo": ANA}
    answer = read("Accept", object=[event, forged])
    assert isinstance(answer, act.EventAnswer)
    assert answer.objects == (EVENT,)


def test_a_word_to_the_organizers_is_one_clean_short_line() -> None:
    join = read("Join", object=EVENT, participationMessage="a\n\u202eb" + "c" * 900)
    assert isinstance(join, act.Join)
    assert join.note.startswith("a bc")
    assert len(join.note) <= 500
    silent = read("Join", object=EVENT, participationMessage=None)
    assert isinstance(silent, act.Join)
    assert silent.note == ""


def test_nobody_follows_tentatively() -> None:
    answer = read("TentativeAccept", object={"type": "Follow", "id": "https://elm.example.org/f"})
    assert isinstance(answer, act.Other)


def test_an_answer_to_an_event_is_never_one_to_a_follow() -> None:
    for thing in ({"type": "Event", "id": EVENT}, [EVENT, f"{EVENT}2"]):
        assert isinstance(read("Accept", object=thing), act.EventAnswer)


def test_a_list_of_one_is_read_as_that_one() -> None:
    for thing in (EVENT, {"type": "Event", "id": EVENT}, {"type": "Follow", "id": EVENT}):
        assert read("Accept", object=[thing]) == read("Accept", object=thing)


def test_an_invitation_by_id_stands_for_itself() -> None:
    answer = read("Accept", object={"type": "Invite", "id": "https://elm.example.org/i/1"})
    assert isinstance(answer, act.EventAnswer)
    assert answer.objects == ("https://elm.example.org/i/1",)


def test_an_answer_without_any_id_is_ignored() -> None:
    assert isinstance(read("Accept", object={"type": "Event", "name": "Party"}), act.Other)


def test_a_boost_of_activities_inside_each_other_is_ignored() -> None:
    inner = {"type": "Create", "object": {"type": "Announce", "object": EVENT}}
    assert isinstance(read("Announce", object=inner), act.Other)


def test_a_boost_of_an_activity_around_nothing_is_malformed() -> None:
    with pytest.raises(MalformedActivity, match="Announce"):
        read("Announce", object={"type": "Create", "object": {"type": "Note"}})


def test_a_report_of_nothing_is_malformed() -> None:
    with pytest.raises(MalformedActivity, match="Flag"):
        read("Flag", object=[{"name": "no id"}], content="spam")


def test_a_report_takes_one_or_many_objects_and_at_most_a_hundred() -> None:
    one = read("Flag", object=EVENT, content="spam")
    many = read("Flag", object=[{"id": f"{EVENT}/{n}"} for n in range(150)], summary="spam")
    assert isinstance(one, act.Flag)
    assert isinstance(many, act.Flag)
    assert (one.objects, one.comment) == ((EVENT,), "spam")
    assert (len(many.objects), many.comment) == (100, "spam")


@pytest.mark.parametrize("actor", [None, 5, [], [ANA, ANA + "2"], {"name": "Ana"}, "ana", ""])
def test_an_activity_has_exactly_one_actor(actor: object) -> None:
    with pytest.raises(MalformedActivity, match="actor"):
        read("Like", actor=actor, object=EVENT)


@pytest.mark.parametrize("kind", [None, 5, [], {}])
def test_an_activity_has_a_type(kind: object) -> None:
    with pytest.raises(MalformedActivity, match="type"):
        read(kind, object=EVENT)


@pytest.mark.parametrize("kind", ["Follow", "Like", "Announce", "Delete", "Undo", "Block", "Join"])
def test_an_activity_needs_its_object(kind: str) -> None:
    with pytest.raises(MalformedActivity, match="object"):
        read(kind, object=None)


def test_null_members_change_nothing() -> None:
    like = read("Like", object=EVENT, id=None, to=None, cc=None, published=None, content=None)
    assert like == act.Like(id=None, actor=ANA, object=EVENT)


def test_an_actor_may_be_an_object() -> None:
    assert read("Like", actor={"id": ANA, "type": "Person"}, object=EVENT).actor == ANA
