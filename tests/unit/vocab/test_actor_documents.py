"""Actors: foreign ones are read with suspicion, ours are written for every reader."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from fedi_chapter.core.errors import BadDocument
from fedi_chapter.domain.place import Area
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.sig.keys import multibase
from fedi_chapter.vocab.actors import PublicKeys, read_actor, write_actor
from fedi_chapter.vocab.shape import parse
from tests.kit.examples import CHAPTER, RELAY, URLS

ANA = "https://social.example/users/ana"
EVE = "https://evil.example/users/eve"
PEM = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
ED25519 = ed25519.Ed25519PrivateKey.generate()
KEYS = PublicKeys("main-key", PEM, "ed25519-key", multibase(ED25519))


def document(**members: Any) -> dict[str, Any]:
    return {
        "id": ANA,
        "type": "Person",
        "preferredUsername": "ana",
        "inbox": f"{ANA}/inbox",
        "publicKey": {"id": f"{ANA}#main-key", "owner": ANA, "publicKeyPem": PEM},
        **members,
    }


def read(**members: Any) -> RemoteActor:
    return read_actor(document(**members), requested=ANA)


def test_an_actor_needs_little() -> None:
    actor = read()
    assert (actor.uri, actor.host, actor.handle) == (ANA, "social.example", "ana@social.example")
    assert (actor.name, actor.url) == ("ana", ANA)
    assert [(key.id, key.owner, key.kind) for key in actor.keys] == [
        (f"{ANA}#main-key", ANA, "rsa")
    ]
    assert b"BEGIN PUBLIC KEY" in actor.keys[0].public


def test_all_that_we_show_or_use_is_read() -> None:
    actor = read(
        name="Ana \u202e<b>\n",
        summary="<p>Hi</p>",
        url=[{"type": "Link", "mediaType": "text/html", "href": "https://social.example/@ana"}],
        icon=[{"type": "Image", "url": "https://media.example/ana.png"}],
        endpoints={"sharedInbox": "https://social.example/inbox"},
        followers=f"{ANA}/followers",
        outbox=f"{ANA}/outbox",
        alsoKnownAs="https://old.example/ana",
        movedTo=None,
    )
    assert actor.name == "Ana <b>"
    assert actor.url == "https://social.example/@ana"
    assert actor.icon_url == "https://media.example/ana.png"
    assert actor.shared_inbox == "https://social.example/inbox"
    assert actor.also_known_as == ("https://old.example/ana",)


@pytest.mark.parametrize(
    "members",
    [
        {"id": EVE},
        {"id": f"{ANA}/"},
        {"id": "https://SOCIAL.example/users/ana"},
        {"id": None},
        {"type": "Note"},
        {"type": None},
        {"inbox": None},
        {"preferredUsername": None},
        {"preferredUsername": "ana@evil.example"},
        {"preferredUsername": "an/a"},
        {"preferredUsername": "an\u202ea"},
        {"preferredUsername": ".ana"},
        {"preferredUsername": "a" * 300},
    ],
)
def test_what_is_not_the_actor_asked_for_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(BadDocument):
        read(**members)


@pytest.mark.parametrize(
    "members",
    [
        {"inbox": f"{EVE}/inbox"},
        {"inbox": "https://social.example:8443/inbox"},
        {"inbox": "https://ana@social.example/inbox"},
    ],
)
def test_an_actor_whose_inbox_lies_on_another_host_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(BadDocument):
        read(**members)


@pytest.mark.parametrize(
    ("member", "document"),
    [
        ("shared_inbox", {"endpoints": {"sharedInbox": "https://evil.example/inbox"}}),
        ("shared_inbox", {"endpoints": {"sharedInbox": "http://social.example:81/inbox"}}),
        ("shared_inbox", {"endpoints": "https://evil.example/endpoints"}),
        ("followers", {"followers": f"{EVE}/followers"}),
        ("outbox", {"outbox": f"{EVE}/outbox"}),
        ("outbox", {"outbox": 7}),
    ],
)
def test_an_address_on_another_host_is_dropped_and_the_actor_kept(
    member: str, document: dict[str, Any]
) -> None:
    actor = read(**document)
    assert getattr(actor, member) is None
    assert actor.inbox == f"{ANA}/inbox"


def test_a_page_on_another_host_is_not_shown() -> None:
    assert read(url="https://evil.example/@ana").url == ANA


@pytest.mark.parametrize(
    "key",
    [
        {"id": f"{ANA}#main-key", "owner": EVE, "publicKeyPem": PEM},
        {"id": f"{ANA}#main-key", "owner": 7, "publicKeyPem": PEM},
        {"id": f"{ANA}a#main-key", "publicKeyPem": PEM},
        {"id": "https://social.example/users/other#main-key", "publicKeyPem": PEM},
        {"id": f"{EVE}#main-key", "publicKeyPem": PEM},
        {"id": f"{EVE}#main-key", "owner": ANA, "publicKeyPem": PEM},
        {"id": f"{ANA}#main-key", "owner": ANA, "publicKeyPem": "no key"},
        {"id": f"{ANA}#main-key", "owner": ANA, "publicKeyPem": None},
        f"{ANA}#main-key",
        None,
        [],
    ],
)
def test_a_key_that_is_not_provably_the_actors_is_left_out(key: object) -> None:
    assert read(publicKey=key).keys == ()


@pytest.mark.parametrize("uri", [ANA, f"{ANA}#main-key", f"{ANA}/main-key"])
def test_a_key_without_an_owner_is_the_actors_in_whose_document_it_stands(uri: str) -> None:
    (key,) = read(publicKey={"id": uri, "publicKeyPem": PEM}).keys
    assert (key.id, key.owner) == (uri, ANA)


def test_a_name_cut_inside_an_emoji_is_read_with_a_mark() -> None:
    body = json.dumps(document(name="Ana X")).encode().replace(b"X", rb"\ud83d")
    actor = read_actor(parse(body), requested=ANA)
    assert actor.name == "Ana \ufffd"


def test_several_keys_and_multikeys_are_read_ten_of_each_at_most() -> None:
    keys = [{"id": f"{ANA}#k{n}", "owner": ANA, "publicKeyPem": PEM} for n in range(15)]
    multikey = {
        "id": f"{ANA}#ed25519-key",
        "type": "Multikey",
        "controller": ANA,
        "publicKeyMultibase": multibase(ED25519),
    }
    stolen = {**multikey, "id": f"{ANA}#other", "controller": EVE}
    actor = read(publicKey=keys, assertionMethod=[multikey, stolen, f"{ANA}#by-id"])
    assert [key.kind for key in actor.keys] == ["rsa"] * 10 + ["ed25519"]
    assert actor.keys[-1].public == ED25519.public_key().public_bytes_raw()


def test_the_chapter_is_a_group_with_all_that_peers_look_for() -> None:
    written = write_actor(CHAPTER, URLS, KEYS)
    chapter = "https://elm.example.org/chapter"
    assert written["@context"][0] == "https://www.w3.org/ns/activitystreams"  # type: ignore[index]
    expected = {
        "id": chapter,
        "type": "Group",
        "preferredUsername": "elm",
        "webfinger": "elm@elm.example.org",
        "name": "Elm Street Neighbours",
        "url": "https://elm.example.org/",
        "inbox": f"{chapter}/inbox",
        "outbox": f"{chapter}/outbox",
        "followers": f"{chapter}/followers",
        "following": f"{chapter}/following",
        "featured": f"{chapter}/featured",
        "upcomingEvents": f"{chapter}/upcoming",
        "events": f"{chapter}/upcoming",
        "endpoints": {"sharedInbox": "https://elm.example.org/inbox"},
        "published": "2026-01-05T09:00:00Z",
        "discoverable": True,
        "indexable": True,
        "manuallyApprovesFollowers": False,
        "attributionDomains": ["elm.example.org"],
        "publicKey": {"id": f"{chapter}#main-key", "owner": chapter, "publicKeyPem": PEM},
        "location": {
            "type": "Place",
            "name": "Springfield, IL",
            "latitude": 39.8,
            "longitude": -89.0,
            "radius": 12.0,
            "units": "km",
        },
    }
    assert {name: written[name] for name in expected} == expected
    assert not {"movedTo", "alsoKnownAs", "image", "updated"} & written.keys()
    assert isinstance(written["icon"], dict)


def test_profile_fields_have_the_one_link_whose_text_is_its_address() -> None:
    fields = write_actor(CHAPTER, URLS, KEYS)["attachment"]
    assert isinstance(fields, list)
    link = re.fullmatch(r'<a href="([^"]+)" rel="me">([^<]+)</a>', fields[0]["value"])
    assert link
    assert link[1] == link[2] == "https://elm.example.org/"


def test_a_place_name_in_a_profile_field_is_escaped() -> None:
    odd = replace(CHAPTER, area=Area("<b>Elm"))
    written = write_actor(odd, URLS, KEYS)
    assert written["attachment"][1]["value"] == "&lt;b&gt;Elm"  # type: ignore[index]
    assert written["location"] == {"type": "Place", "name": "<b>Elm"}


def test_a_chapter_without_an_area_names_no_place() -> None:
    written = write_actor(replace(CHAPTER, area=None), URLS, KEYS)
    assert "location" not in written
    assert [each["name"] for each in written["attachment"]] == ["Website"]  # type: ignore[attr-defined]


def test_the_instance_is_an_application_that_nobody_needs_to_discover() -> None:
    written = write_actor(RELAY, URLS, PublicKeys("main-key", PEM))
    assert written["type"] == "Application"
    assert written["discoverable"] is False
    assert {"name", "url", "outbox", "followers", "inbox", "publicKey"} <= written.keys()
    assert not {"featured", "attachment", "upcomingEvents", "assertionMethod"} & written.keys()


def test_a_moved_actor_says_where_to() -> None:
    moved = replace(
        CHAPTER, moved_to="https://new.example/c", also_known_as=("https://old.example/c",)
    )
    written = write_actor(moved, URLS, KEYS)
    assert written["movedTo"] == "https://new.example/c"
    assert written["alsoKnownAs"] == ["https://old.example/c"]


@pytest.mark.parametrize("actor", [CHAPTER, RELAY])
def test_our_own_actors_read_back_with_their_keys(actor: Any) -> None:
    found = read_actor(write_actor(actor, URLS, KEYS), requested=URLS.actor(actor))
    assert found.handle == URLS.handle(actor)
    assert [key.id for key in found.keys] == [
        URLS.key(actor, "main-key"),
        URLS.key(actor, "ed25519-key"),
    ]


def test_a_name_with_a_bracket_is_no_html_elsewhere() -> None:
    written = write_actor(replace(CHAPTER, name="I <3 pie"), URLS, KEYS)
    assert written["name"] == "I ‹3 pie"
