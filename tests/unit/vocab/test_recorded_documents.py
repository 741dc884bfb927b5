"""Documents recorded from other servers, where they are at hand, go through the right reader.

They are not part of the project. Name their folder in PEER_FIXTURES; `fixtures/peers` in a folder
beside the checkout is found by itself.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedi_chapter.core.errors import BadDocument, MalformedActivity
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.actors import read_actor
from fedi_chapter.vocab.events import read_event
from fedi_chapter.vocab.places import read_location
from fedi_chapter.vocab.posts import read_note
from fedi_chapter.vocab.read import read_activity, read_document
from fedi_chapter.vocab.shape import Document, host_of, id_of, many, only, parse, type_of
from fedi_chapter.vocab.terms import ACTIVITY_TYPES, ACTOR_TYPES

BESIDE = Path(__file__).resolve().parents[4]
NAMED = os.environ.get("PEER_FIXTURES")
RECORDED = sorted(
    Path(NAMED).glob("*/*.json") if NAMED else BESIDE.glob("*/fixtures/peers/*/*.json")
)

pytestmark = pytest.mark.skipif(
    not RECORDED, reason="no recorded documents: set PEER_FIXTURES to their folder"
)


def read(path: Path) -> str:
    """Return how the document was read, or why it was refused; nothing else may be raised."""
    body = path.read_bytes()
    document = parse(body)
    try:
        if type_of(document, ACTIVITY_TYPES):
            return type(read_activity(body)).__name__
        if type_of(document, ACTOR_TYPES):
            return type(read_actor(document, requested=id_of(document) or "")).__name__
        if type_of(document, {"Event"}):
            return type(read_event(document)).__name__
        if type_of(document, {"Place"}):
            return type(read_location(document)).__name__
        return type(read_note(document)).__name__
    except (BadDocument, MalformedActivity) as error:
        return f"refused: {error.message}"


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_document_is_read_or_refused_with_a_reason(path: Path) -> None:
    assert read(path) != "refused: "


def events_in(node: object) -> Iterator[Document]:
    """Return every event in a document, however deep it stands."""
    for each in node.values() if isinstance(node, dict) else many(node):
        if isinstance(each, dict | list):
            yield from events_in(each)
    if isinstance(node, dict) and type_of(node, {"Event"}):
        yield node


def verdict(event: Document) -> str:
    """Return the name under which an event was read, or why it was refused."""
    try:
        return read_event(event).event.name
    except BadDocument as error:
        return f"refused: {error.message}"


def test_every_recorded_event_is_read_or_refused_with_a_reason() -> None:
    found = [
        (path.parent.name, verdict(event))
        for path in RECORDED
        for event in events_in(parse(path.read_bytes()))
    ]
    assert all(said not in {"", "refused: "} for _, said in found)
    assert {peer for peer, said in found if said.startswith("refused: ")} <= {
        "bridgy-fed",  # without ids
        "w3c-as2",  # without ids
        "fep-8a8e",  # examples without an author
        "gancio",  # whose times were taken out
    }
    whole = [peer for peer, said in found if not said.startswith("refused: ")]
    assert whole.count("mobilizon") >= 3


def test_every_recorded_event_with_id_and_name_is_read_when_its_author_publishes_it() -> None:
    for path in RECORDED:
        for event in events_in(parse(path.read_bytes())):
            uri = id_of(event)
            if uri is None or "name" not in event:
                continue
            author = id_of(only(event.get("attributedTo"))) or f"https://{host_of(uri)}/author"
            timed = {"startTime": "2026-12-01T18:00:00Z", **event}
            create = {"id": f"{uri}#create", "type": "Create", "actor": author, "object": timed}
            read_as = type(read_document({**create, "to": [PUBLIC]})).__name__
            assert read_as in {"CreateEvent", "CreateByReference"}, path


def test_most_recorded_documents_are_understood() -> None:
    read_as = Counter(read(path) for path in RECORDED)
    assert read_as["RemoteActor"] >= 20
    assert read_as["CreateNote"] >= 8
    assert read_as["CreateEvent"] >= 2
    assert read_as["Note"] >= 8
    assert {"Follow", "UndoFollow", "FollowAnswer", "Vote", "Flag", "Move"} <= read_as.keys()
