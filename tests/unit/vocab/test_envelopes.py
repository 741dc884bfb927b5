"""Envelopes and collections: stable ids, one context, the audience of what they carry."""

from datetime import UTC, datetime

from fedi_chapter.domain.tally import NOBODY
from fedi_chapter.vocab import envelopes
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.collections import (
    collection,
    collection_page,
    quote_authorization,
    tombstone,
)
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.places import write_place
from fedi_chapter.vocab.posts import write_post
from fedi_chapter.vocab.read import read_document
from fedi_chapter.vocab.shape import Document
from tests.kit.examples import CHAPTER, EVENT, HALL, POST, URLS

CHAPTER_URI = "https://elm.example.org/chapter"
ANA = "https://social.example/users/ana"
AT = datetime(2026, 9, 2, 10, 0, 0, 5, tzinfo=UTC)
FOLLOW: Document = {"id": f"{ANA}#f/1", "type": "Follow", "actor": ANA, "object": CHAPTER_URI}


def contexts(node: object) -> int:
    if isinstance(node, dict):
        return ("@context" in node) + sum(contexts(each) for each in node.values())
    return sum(contexts(each) for each in node) if isinstance(node, list) else 0


def test_a_create_has_the_objects_id_audience_date_and_context() -> None:
    event = write_event(EVENT, CHAPTER, URLS, NOBODY)
    created = envelopes.create(event, CHAPTER_URI)
    assert created["id"] == f"{event['id']}#create"
    assert created["@context"] == event["@context"]
    for member in ("to", "cc", "published"):
        assert created[member] == event[member]
    assert contexts(created) == 1
    assert envelopes.create(event, CHAPTER_URI) == created


def test_an_update_carries_its_revision_in_its_id() -> None:
    post = write_post(POST, CHAPTER, URLS)
    updated = envelopes.update(post, CHAPTER_URI, revision=3)
    assert updated["id"] == f"{post['id']}#update-3"
    assert updated["type"] == "Update"
    assert "published" not in updated


def test_the_update_of_an_actor_is_for_everyone() -> None:
    actor: Document = {"id": CHAPTER_URI, "type": "Group", "followers": f"{CHAPTER_URI}/followers"}
    updated = envelopes.update(actor, CHAPTER_URI, revision=1)
    assert (updated["to"], updated["cc"]) == ([PUBLIC], [f"{CHAPTER_URI}/followers"])
    assert envelopes.update({"id": CHAPTER_URI}, CHAPTER_URI, revision=1)["cc"] == []


def test_a_delete_carries_a_tombstone_with_the_former_type() -> None:
    deleted = envelopes.delete(f"{CHAPTER_URI}/1", "Event", CHAPTER_URI, AT, [PUBLIC], [])
    assert deleted["id"] == f"{CHAPTER_URI}/1#delete"
    assert deleted["object"] == {
        "id": f"{CHAPTER_URI}/1",
        "type": "Tombstone",
        "formerType": "Event",
        "deleted": "2026-09-02T10:00:00Z",
    }
    assert contexts(deleted) == 1


def test_a_follow_and_its_undo_have_plain_ids_as_objects() -> None:
    follow = envelopes.follow("https://elm.example.org/follows/1", CHAPTER_URI, ANA)
    undo = envelopes.undo(follow, CHAPTER_URI)
    assert (follow["object"], follow["to"]) == (ANA, [ANA])
    assert undo["id"] == "https://elm.example.org/follows/1#undo"
    assert undo["object"]["object"] == ANA  # type: ignore[index]
    assert contexts(undo) == 1


def test_answers_embed_what_they_answer_to_the_letter() -> None:
    for make, kind in ((envelopes.accept, "Accept"), (envelopes.reject, "Reject")):
        answer = make("https://elm.example.org/activities/1", CHAPTER_URI, FOLLOW, ANA)
        assert answer["type"] == kind
        assert answer["object"] == FOLLOW
        assert answer["to"] == [ANA]


def test_a_join_we_do_not_take_is_ignored_by_its_id() -> None:
    ignored = envelopes.ignore("https://elm.example.org/activities/2", CHAPTER_URI, f"{ANA}#j", ANA)
    assert (ignored["type"], ignored["object"]) == ("Ignore", f"{ANA}#j")


def test_a_boost_names_its_object_only() -> None:
    boost = envelopes.announce(
        "https://elm.example.org/activities/3", CHAPTER_URI, f"{ANA}/1", [PUBLIC], [ANA], AT
    )
    assert boost["object"] == f"{ANA}/1"
    assert (boost["to"], boost["cc"]) == ([PUBLIC], [ANA])
    assert boost["published"] == "2026-09-02T10:00:00Z"


def test_an_accepted_quote_names_the_authorization_and_the_quote_by_id() -> None:
    request: Document = {
        "id": f"{ANA}/q/1",
        "type": "QuoteRequest",
        "actor": ANA,
        "object": f"{CHAPTER_URI}/1",
        "instrument": {"id": f"{ANA}/2", "type": "Note", "content": "Look"},
    }
    result = "https://elm.example.org/quotes/1"
    answer = envelopes.accept_quote(
        "https://elm.example.org/activities/4", CHAPTER_URI, request, ANA, result
    )
    assert answer["result"] == result
    assert answer["object"] == {**request, "instrument": f"{ANA}/2"}
    consent = quote_authorization(result, CHAPTER_URI, f"{ANA}/2", f"{CHAPTER_URI}/1")
    assert consent["interactingObject"] == f"{ANA}/2"
    assert consent["interactionTarget"] == f"{CHAPTER_URI}/1"


def test_what_we_send_is_read_as_what_it_is() -> None:
    follow = envelopes.follow("https://elm.example.org/follows/1", CHAPTER_URI, ANA)
    event, post = write_event(EVENT, CHAPTER, URLS, NOBODY), write_post(POST, CHAPTER, URLS)
    sent = {
        "Follow": follow,
        "UndoFollow": envelopes.undo(follow, CHAPTER_URI),
        "FollowAnswer": envelopes.accept(f"{CHAPTER_URI}#a", CHAPTER_URI, FOLLOW, ANA),
        "CreateEvent": envelopes.create(event, CHAPTER_URI),
        "UpdateEvent": envelopes.update(event, CHAPTER_URI, revision=1),
        "CreateNote": envelopes.create(post, CHAPTER_URI),
        "UpdateNote": envelopes.update(post, CHAPTER_URI, revision=1),
        "DeleteObject": envelopes.delete(f"{CHAPTER_URI}/1", "Note", CHAPTER_URI, AT, [], []),
        "Announce": envelopes.announce(f"{CHAPTER_URI}#b", CHAPTER_URI, f"{ANA}/1", [], [], AT),
    }
    assert {name: type(read_document(each)).__name__ for name, each in sent.items()} == {
        name: name for name in sent
    }


def test_a_collection_has_a_numeric_total_and_its_items_or_first_page() -> None:
    empty = collection(f"{CHAPTER_URI}/followers", 0, first=f"{CHAPTER_URI}/followers?page=1")
    assert empty["totalItems"] == 0
    assert empty["first"] == f"{CHAPTER_URI}/followers?page=1"
    assert "orderedItems" not in empty
    plain = collection(f"{CHAPTER_URI}/organizers", 1, items=[CHAPTER_URI], ordered=False)
    assert (plain["type"], plain["items"]) == ("Collection", [CHAPTER_URI])


def test_an_embedded_first_page_shares_the_collections_one_context() -> None:
    event, post = write_event(EVENT, CHAPTER, URLS, NOBODY), write_post(POST, CHAPTER, URLS)
    uri = f"{CHAPTER_URI}/outbox"
    page = collection_page(
        f"{uri}?page=1",
        uri,
        [envelopes.create(event, CHAPTER_URI), envelopes.create(post, CHAPTER_URI), ANA],
        next_page=f"{uri}?page=2",
        total=9,
    )
    outbox = collection(uri, 9, first=page)
    assert contexts(page) == contexts(outbox) == 1
    assert page["@context"] == outbox["@context"] == event["@context"]
    assert page["orderedItems"][0]["object"]["type"] == "Event"  # type: ignore[index]
    assert (page["partOf"], page["next"], page["totalItems"]) == (uri, f"{uri}?page=2", 9)


def test_a_page_may_be_unordered_and_the_last() -> None:
    page = collection_page(f"{CHAPTER_URI}?page=1", CHAPTER_URI, [], ordered=False)
    assert (page["type"], page["items"]) == ("CollectionPage", [])
    assert not {"next", "totalItems"} & page.keys()


def test_a_place_of_its_own_has_a_context_and_an_embedded_one_has_none() -> None:
    assert "@context" in write_place(HALL, URLS, with_context=True)
    assert "@context" not in write_place(HALL, URLS)


def test_a_tombstone_stands_alone() -> None:
    assert tombstone(f"{CHAPTER_URI}/1", "Note", AT)["formerType"] == "Note"
