"""The table of trust, rule by rule: what is taken, fetched again, dropped or refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation.trust import RULES, Verdict, judge
from fedi_chapter.vocab import activities as act

URLS = Urls("https://a.test", "a.test")
ALICE = "https://m.test/users/alice"
BOB = "https://m.test/users/bob"
MALLORY = "https://evil.test/users/mallory"
AT = datetime(2026, 11, 21, tzinfo=UTC)
NOTE = act.Note(
    id="https://m.test/notes/1", attributed_to=ALICE, content="", to=(), cc=(), url="https://m.test"
)


def create(note: act.Note = NOTE) -> act.CreateNote:
    return act.CreateNote(id="https://m.test/notes/1#create", actor=ALICE, note=note)


def event(uri: str, author: str) -> act.CreateEvent:
    found = NeighbourEvent(
        uri=uri, actor_uri=author, name="Picnic", starts_at=AT, url=uri, published_at=AT
    )
    document = act.EventDocument(event=found, attributed_to=(author,))
    return act.CreateEvent(id=None, actor=ALICE, document=document)


def follow(actor: str = ALICE, activity_id: str | None = "https://m.test/f/1") -> act.Follow:
    return act.Follow(id=activity_id, actor=actor, target="https://a.test/chapter", document={})


def verdict(activity: act.Activity, signer: str = ALICE) -> Verdict:
    return judge(activity, signer, URLS).verdict


def test_who_speaks_for_itself_is_taken() -> None:
    assert judge(follow(), ALICE, URLS).rule is None
    assert verdict(create()) is Verdict.TAKE
    assert verdict(event("https://m.test/events/1", ALICE)) is Verdict.TAKE


def test_an_activity_without_id_is_taken() -> None:
    add = act.AddOrRemove(
        id=None, actor=ALICE, added=True, object=NOTE.id, target="https://m.test/f"
    )
    assert verdict(add) is Verdict.TAKE


@pytest.mark.parametrize("signer", [MALLORY, BOB])
def test_nobody_follows_in_anothers_name(signer: str) -> None:
    assert verdict(follow(), signer) is Verdict.MISMATCH


@pytest.mark.parametrize(
    "actor", ["https://a.test/chapter", "https://A.TEST/chapter", "https://a.test:443/x"]
)
def test_nothing_comes_in_from_ourselves(actor: str) -> None:
    assert verdict(follow(actor), actor) is Verdict.MALFORMED


def test_an_activity_can_not_carry_an_id_of_ours() -> None:
    assert verdict(follow(activity_id="https://a.test/follows/1")) is Verdict.MALFORMED


def test_an_activitys_id_lies_on_its_actors_host() -> None:
    assert verdict(follow(activity_id="https://evil.test/f/1")) is Verdict.MALFORMED


@pytest.mark.parametrize(
    "forwarded",
    [
        create(),
        act.DeleteObject(id=None, actor=ALICE, object=NOTE.id),
        act.DeleteActor(id=None, actor=ALICE),
        act.CreateByReference(id=None, actor=ALICE, object=NOTE.id),
    ],
)
def test_what_others_pass_on_is_fetched_from_its_origin(forwarded: act.Activity) -> None:
    assert verdict(forwarded, MALLORY) is Verdict.REFETCH


@pytest.mark.parametrize(
    "note",
    [
        replace(NOTE, id="https://a.test/posts/1"),
        replace(NOTE, attributed_to="https://a.test/chapter"),
        replace(NOTE, attributed_to=BOB),
        replace(NOTE, attributed_to=MALLORY),
        replace(NOTE, id="https://evil.test/notes/1"),
    ],
)
def test_words_are_not_put_into_anothers_mouth(note: act.Note) -> None:
    assert verdict(create(note)) is Verdict.DROP


def test_a_forwarder_can_not_rewrite_what_is_ours() -> None:
    forged = create(replace(NOTE, id="https://a.test/posts/1"))
    assert verdict(forged, MALLORY) is Verdict.DROP


@pytest.mark.parametrize("uri", ["https://a.test/events/1", "https://a.test/posts/1"])
def test_our_things_are_neither_changed_nor_deleted_by_letter(uri: str) -> None:
    assert verdict(act.DeleteObject(id=None, actor=ALICE, object=uri)) is Verdict.DROP
    assert verdict(act.CreateByReference(id=None, actor=ALICE, object=uri)) is Verdict.DROP
    assert verdict(event(uri, ALICE)) is Verdict.DROP


def test_an_event_published_for_a_group_is_fetched() -> None:
    assert verdict(event("https://m.test/events/1", "https://m.test/@group")) is Verdict.REFETCH


def test_an_event_on_another_host_is_fetched() -> None:
    assert verdict(event("https://evil.test/events/1", ALICE)) is Verdict.REFETCH


@pytest.mark.parametrize(
    "activity",
    [
        act.UpdateActor(id=None, actor=ALICE, profile=None, subject=BOB),
        act.Move(id=None, actor=ALICE, object=BOB, target=MALLORY),
        act.DeleteObject(id=None, actor=ALICE, object="https://evil.test/notes/1"),
        act.FollowAnswer(id=None, actor=ALICE, accepted=True, follow_id=None, target=BOB),
        act.QuoteRequest(
            id=None,
            actor=ALICE,
            object="https://a.test/posts/1",
            instrument="https://evil.test/notes/1",
            document={},
        ),
        act.QuoteRequest(
            id=None,
            actor=ALICE,
            object="https://a.test/posts/1",
            instrument=NOTE.id,
            instrument_author=BOB,
            document={},
        ),
    ],
)
def test_only_the_owner_changes_a_thing(activity: act.Activity) -> None:
    assert verdict(activity) is Verdict.DROP


@pytest.mark.parametrize(
    "activity",
    [
        act.UpdateActor(id=None, actor=ALICE, profile=None, subject=ALICE),
        act.Move(id=None, actor=ALICE, object=ALICE, target=BOB),
        act.DeleteObject(id=None, actor=ALICE, object=NOTE.id),
        act.FollowAnswer(id=None, actor=ALICE, accepted=True, follow_id=None, target=ALICE),
        act.FollowAnswer(id=None, actor=ALICE, accepted=True, follow_id="https://a.test/follows/1"),
        act.QuoteRequest(
            id=None, actor=ALICE, object="https://a.test/posts/1", instrument=NOTE.id, document={}
        ),
    ],
)
def test_the_owner_changes_its_own(activity: act.Activity) -> None:
    assert verdict(activity) is Verdict.TAKE


def test_every_rule_names_the_attack_it_stops() -> None:
    assert all(rule.name and len(rule.stops) > 20 for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
