"""What we send, read by a JSON-LD processor: every member means what it should.

The two contexts every peer has at hand stand here in the few terms we use; any other
address is refused, as it would have to be fetched.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pyld import jsonld

from fedi_chapter.domain.event import EventStatus
from fedi_chapter.domain.face import FaceState
from fedi_chapter.domain.tally import NOBODY
from fedi_chapter.vocab import envelopes
from fedi_chapter.vocab.actors import PublicKeys, write_actor
from fedi_chapter.vocab.collections import collection, quote_authorization, tombstone
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.faces import write_face
from fedi_chapter.vocab.posts import write_post
from fedi_chapter.vocab.shape import Document
from fedi_chapter.vocab.terms import AS, SECURITY
from tests.kit.examples import ASKING, CHAPTER, EVENT, FOUNDED, POST, PUBLISHED, RELAY, URLS

NS = f"{AS}#"
SEC = "https://w3id.org/security#"
IDS = (
    "actor attachment attributedTo cc context first followers following icon image inReplyTo"
    " instrument items location next object oneOf outbox partOf preview replies result tag target"
    " to url href"
)
DATES = "closed deleted endTime published startTime updated"
TEXTS = "content mediaType name preferredUsername summary units"
NUMBERS = "height latitude longitude radius totalItems width"
TYPES = (
    "Accept Announce Application Collection CollectionPage Create Delete Event Follow Group"
    " Hashtag Image Link Mention Note OrderedCollection OrderedCollectionPage Person Place"
    " Question"
    " Tombstone Undo Update formerType"
)
ACTIVITY_STREAMS: dict[str, Any] = {
    "@vocab": "_:",
    "as": NS,
    "id": "@id",
    "type": "@type",
    **{name: {"@id": f"as:{name}", "@type": "@id"} for name in IDS.split()},
    **{name: f"as:{name}" for name in f"{DATES} {TEXTS} {NUMBERS} {TYPES}".split()},
    **{
        f"{name}Map": {"@id": f"as:{name}", "@container": "@language"}
        for name in ("content", "name")
    },
    "orderedItems": {"@id": "as:items", "@type": "@id", "@container": "@list"},
    "inbox": {"@id": "http://www.w3.org/ns/ldp#inbox", "@type": "@id"},
    "endpoints": {"@id": "as:endpoints", "@type": "@id"},
    "sharedInbox": {"@id": "as:sharedInbox", "@type": "@id"},
}
SECURITY_V1: dict[str, Any] = {
    "id": "@id",
    "type": "@type",
    "publicKey": {"@id": f"{SEC}publicKey", "@type": "@id"},
    "owner": {"@id": f"{SEC}owner", "@type": "@id"},
    "publicKeyPem": f"{SEC}publicKeyPem",
}


def load(address: str, _: object) -> dict[str, Any]:
    contexts = {AS: ACTIVITY_STREAMS, SECURITY: SECURITY_V1}
    if address not in contexts:
        raise AssertionError(f"a peer would have to fetch {address}")
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": address,
        "document": {"@context": contexts[address]},
    }


def expand(document: Document) -> dict[str, Any]:
    (expanded,) = jsonld.expand(document, {"documentLoader": load})
    return dict(expanded)


def names(node: object) -> Iterator[str]:
    """Every property and type of an expanded document."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from value if name == "@type" and isinstance(value, list) else names(value)
    elif isinstance(node, list):
        for each in node:
            yield from names(each)


KEYS = PublicKeys("main-key", "PEM", "ed25519-key", "z6Mk")
CHAPTER_URI = "https://elm.example.org/chapter"
REQUEST: Document = {"id": f"{CHAPTER_URI}/q", "actor": CHAPTER_URI}
ONLINE = replace(EVENT, place=None, online_url="https://meet.example/1")
MOVED = replace(EVENT, status=EventStatus.RESCHEDULED, previous_starts_at=FOUNDED)
FOLLOW = envelopes.follow(f"{CHAPTER_URI}/f", CHAPTER_URI, f"{CHAPTER_URI}/x")
ALL: dict[str, Document] = {
    "chapter": write_actor(
        replace(
            CHAPTER, also_known_as=("https://old.example/c",), moved_to="https://new.example/c"
        ),
        URLS,
        KEYS,
    ),
    "instance": write_actor(RELAY, URLS, KEYS),
    "event": write_event(EVENT, CHAPTER, URLS, NOBODY),
    "online event": write_event(ONLINE, CHAPTER, URLS, NOBODY),
    "moved event": write_event(MOVED, CHAPTER, URLS, NOBODY),
    "event with RSVP": write_event(ASKING, CHAPTER, URLS, NOBODY),
    "poll": write_face(ASKING, CHAPTER, URLS, NOBODY, FaceState(), PUBLISHED),
    "face": write_face(EVENT, CHAPTER, URLS, NOBODY, FaceState(), PUBLISHED),
    "post": write_post(POST, CHAPTER, URLS),
    "create": envelopes.create(write_event(EVENT, CHAPTER, URLS, NOBODY), CHAPTER_URI),
    "undo": envelopes.undo(FOLLOW, CHAPTER_URI),
    "accepted quote": envelopes.accept_quote(
        f"{CHAPTER_URI}/a", CHAPTER_URI, REQUEST, CHAPTER_URI, f"{CHAPTER_URI}/r"
    ),
    "consent": quote_authorization(
        f"{CHAPTER_URI}/r", CHAPTER_URI, f"{CHAPTER_URI}/1", CHAPTER_URI
    ),
    "tombstone": tombstone(CHAPTER_URI, "Event", FOUNDED),
    "outbox": collection(
        f"{CHAPTER_URI}/outbox",
        1,
        items=[envelopes.create(write_post(POST, CHAPTER, URLS), CHAPTER_URI)],
    ),
}


@pytest.mark.parametrize("name", ALL)
def test_every_word_we_use_is_defined(name: str) -> None:
    undefined = {found for found in names(expand(ALL[name])) if found.startswith("_:")}
    assert undefined == set()


@pytest.mark.parametrize("name", ALL)
def test_the_context_names_no_other_address_and_leaves_location_alone(name: str) -> None:
    context = ALL[name]["@context"]
    assert isinstance(context, list)
    assert context[:2] == [AS, SECURITY]
    assert all(isinstance(each, dict) and "location" not in each for each in context[2:])


def test_place_time_and_name_of_an_event_keep_their_meaning() -> None:
    event = expand(ALL["event"])
    (place,) = event[f"{NS}location"]
    assert place["@type"] == [f"{NS}Place"]
    assert place[f"{NS}latitude"] == [{"@value": 39.8017}]
    assert event[f"{NS}startTime"] == [{"@value": "2026-09-19T10:00:00-05:00"}]
    assert {"@value": "Spring clean"} in event[f"{NS}name"]
    assert event[f"{NS}attributedTo"] == [{"@id": CHAPTER_URI}]
    assert event[f"{NS}actor"] == [{"@id": CHAPTER_URI, "@type": [f"{NS}Group"]}]


def test_words_of_other_vocabularies_lead_to_them() -> None:
    event = expand(ALL["event"])
    assert event["https://w3id.org/fep/8a8e/eventStatus"] == [
        {"@id": "https://w3id.org/fep/8a8e/EventScheduled"}
    ]
    assert event["https://joinmobilizon.org/ns#joinMode"] == [{"@value": "external"}]
    assert event["http://www.w3.org/2002/12/cal/ical#status"] == [{"@value": "CONFIRMED"}]
    assert event["http://schema.org#identifier"] == [{"@value": EVENT.id}]


def test_the_keys_of_an_actor_are_keys() -> None:
    chapter = expand(ALL["chapter"])
    assert chapter[f"{SEC}publicKey"][0][f"{SEC}owner"] == [{"@id": CHAPTER_URI}]
    assert chapter[f"{SEC}assertionMethod"][0]["@type"] == [f"{SEC}Multikey"]
