"""Attacks on the JSON we take in (JSON-01 to JSON-11, as far as reading goes)."""

import json
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedi_chapter.core.errors import MalformedActivity
from fedi_chapter.vocab.activities import Activity, CreateNote, Flag, Other
from fedi_chapter.vocab.read import read_activity
from fedi_chapter.vocab.shape import id_of, parse

GOLDEN = sorted((Path(__file__).resolve().parents[1] / "golden").glob("*/*.json"))
ACTIVITIES = [json.loads(path.read_text()) for path in GOLDEN]


@pytest.mark.parametrize("deep", [33, 1_000, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused_quickly(deep: int, opening: str, closing: str) -> None:
    body = f'{{"type":"Like","object":{opening * deep}1{closing * deep}}}'.encode()
    began = time.process_time()
    with pytest.raises(MalformedActivity):
        parse(body)
    assert time.process_time() - began < 0.5


def test_thirty_two_levels_are_taken() -> None:
    assert parse(b'{"a":' + b"[" * 31 + b"1.5" + b"]" * 31 + b"}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"actor":"https://a.example/1","actor":"https://b.example/1"}',
        b'{"a":{"id":1,"id":1}}',
        b'{"a":[{"x":{"y":1,"y":2}}]}',
        b'{"actor":1,"\\u0061ctor":2}',
        b'{"a" :1,"a"\t:2,"b":"\\":"}',  # as many quotes before a colon as there are members
        b'{"a":1,"a"\r\n:2}',
        b'{"a":["\\":"],"b":1,"b":2}',
        b'{"a":[' + b"1," * 2_000 + b'{"b":1,"b":2}]}',  # in what is cut off
    ],
)
def test_a_member_named_twice_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedActivity, match="twice"):
        parse(body)


@pytest.mark.parametrize(
    "host",
    ["user@a.example", "a.example:p", "ä.example", "a b.example", "a." * 1_000 + "example", ""],
)
def test_a_name_no_host_can_have_is_nobodys_id(host: str) -> None:
    assert id_of(f"https://{host}/users/ana") is None


def test_the_longest_name_is_one() -> None:
    assert id_of(uri := f"https://{'a' * 246}.social/1") == uri


def test_words_that_look_like_names_are_taken() -> None:
    assert parse(b'{"a":"\\":\\" :","b" : 1}') == {"a": '":" :', "b": 1}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text('a":\\ \n{}[],'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a":\\ '), inner),
    max_leaves=12,
)


@given(
    document=st.dictionaries(st.text('ab":\\ '), _VALUES, min_size=1),
    spaces=st.sampled_from([(",", ":"), (", ", ": "), (",", " :"), (",\n", "\t:")]),
)
def test_a_second_member_of_one_name_is_found_however_it_is_written(
    document: dict[str, Any], spaces: tuple[str, str]
) -> None:
    text = json.dumps(document, separators=spaces)
    assert parse(text.encode()) == document
    again = json.dumps(next(iter(document)))
    with pytest.raises(MalformedActivity, match="twice"):
        parse(f"{text[:-1]}{spaces[0]}{again}{spaces[1]}1}}".encode())


@pytest.mark.parametrize(
    "number",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"9" * 5_000,
    ],
)
def test_numbers_that_nobody_keeps_exactly_are_refused(number: bytes) -> None:
    with pytest.raises(MalformedActivity):
        parse(b'{"a":' + number + b"}")


@pytest.mark.parametrize("number", ["18446744073709551616", "-" + "9" * 20, "9" * 31])
def test_a_count_too_large_for_a_database_is_read_as_a_float(number: str) -> None:
    read = parse(b'{"totalItems":' + number.encode() + b"}")["totalItems"]
    assert (type(read), read) == (float, float(number))


def test_ordinary_numbers_are_kept() -> None:
    assert parse(b'{"a":-0,"b":18446744073709551615,"c":1.5,"d":-9223372036854775808}') == {
        "a": 0,
        "b": 2**64 - 1,
        "c": 1.5,
        "d": -(2**63),
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"\\u0000"}',
        b'{"a\\u0000":1}',
        b'{"a":[{"b":"x\\u0000y"}]}',
        b'{"a":"\x00"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":1}x',
        b'{"a":1}{}',
        b"",
        b"[]",
        b'"text"',
        b"null",
    ],
)
def test_text_no_database_could_store_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedActivity):
        parse(body)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"\uD83D", "\ufffd"),
        (rb"\udE00", "\ufffd"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\uD83D\uDE00\uDE00", "\U0001f600\ufffd"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\ud83dx\ude00", "\ufffdx\ufffd"),
        (rb"\ud83d\n\u0041", "\ufffd\nA"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\\\\ud83d", r"\\ud83d"),
        (rb"\\\"\ud83d\"", '\\"\ufffd"'),
    ],
)
def test_half_a_surrogate_pair_is_read_as_a_replacement_character(
    written: bytes, read: str
) -> None:
    assert parse(b'{"a":"' + written + b'"}') == {"a": read}


def test_two_names_that_are_one_once_mended_are_still_refused() -> None:
    with pytest.raises(MalformedActivity):
        parse(rb'{"\ud83d":1,"\ud83e":2}')


def test_an_escaped_backslash_is_no_nul() -> None:
    assert parse(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}


def test_long_lists_are_cut() -> None:
    ids = [f"https://a.example/{n}" for n in range(50_000)]
    body = json.dumps({"type": "Flag", "actor": ids[0], "object": ids, "to": ids}).encode()
    flag = read_activity(body)
    assert isinstance(flag, Flag)
    assert len(flag.to) == 1_000


def test_a_type_of_endless_length_is_shortened() -> None:
    other = read_activity(
        json.dumps({"type": "x\n" * 9_000, "actor": "https://a.example/"}).encode()
    )
    assert isinstance(other, Other)
    assert len(other.type) <= 100


def test_no_context_changes_the_meaning_of_a_word() -> None:
    plain = {
        "id": "https://a.example/1/create",
        "type": "Create",
        "actor": "https://a.example/u",
        "to": ["https://b.example/chapter"],
        "object": {"id": "https://a.example/1", "type": "Note", "content": "Hi"},
    }
    tricked = {
        "@context": [
            "https://evil.example/context",
            {"actor": "as:object", "b": "as:Public", "to": {"@reverse": "as:cc"}},
        ],
        **plain,
        "@graph": [{"type": "Follow"}],
        "@included": [{"id": "https://a.example/u"}],
    }
    read = read_activity(json.dumps(tricked).encode())
    assert read == read_activity(json.dumps(plain).encode())
    assert isinstance(read, CreateNote)
    assert not read.note.is_public


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        [
            [],
            {},
            [[]],
            [None],
            [{}],
            {"id": None},
            {"type": []},
            {"type": "Note", "id": "https://social.example/1"},
            {"type": ["Event", 5], "id": "https://social.example/users/ana/1"},
            "https://social.example/users/ana",
            "https://social.example:99999/x",
            ["https://social.example/users/ana", "https://social.example/users/eve"],
            "9999-12-31T23:59:59-14:00",
            "0001-01-01",
            "as:Public",
            {"en": 5},
            {"": "x"},
        ]
    ),
)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A valid activity, one to three of whose members, at any depth, hold something else."""
    document = json.loads(json.dumps(draw(st.sampled_from(ACTIVITIES))))
    for _ in range(draw(st.integers(1, 3))):
        holders = [each for each in _objects(document) if each]
        if holders:
            holder = draw(st.sampled_from(holders))
            holder[draw(st.sampled_from(sorted(holder)))] = deepcopy(draw(STRANGE))
    return document


def _objects(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(found for each in node.values() for found in _objects(each))]
    if isinstance(node, list):
        return [found for each in node for found in _objects(each)]
    return []


@settings(max_examples=400, deadline=None)
@given(damaged())
def test_no_damaged_activity_raises_anything_but_malformed(document: dict[str, Any]) -> None:
    try:
        read = read_activity(json.dumps(document).encode())
    except MalformedActivity:
        return
    assert isinstance(read, Activity)
    assert read.actor.startswith(("https://", "http://"))
