"""What is promised is written down, what is written down is there, and every link leads somewhere.

The reference pages are compared with what their generator makes of the program; the tables of
FEDERATION.md with the two tables of the federation room, its examples with what is written;
commands, settings, files and make targets named anywhere in the documentation with the things
themselves.
"""

import json
import re
import runpy
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from fedi_chapter.cli.main import cli
from fedi_chapter.core import errors
from fedi_chapter.core.errors import ChapterError
from fedi_chapter.domain.face import FaceState
from fedi_chapter.domain.tally import NOBODY
from fedi_chapter.federation import dispatch, forms, publish
from fedi_chapter.federation.outcome import Ignored
from fedi_chapter.federation.trust import RULES
from fedi_chapter.settings import PREFIX, Settings
from fedi_chapter.vocab.actors import PublicKeys, write_actor
from fedi_chapter.vocab.envelopes import accept, rsvp
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.faces import write_face
from fedi_chapter.vocab.shape import Document, encode, parse
from fedi_chapter.web.routes import routes
from tests.kit.examples import ASKING, CHAPTER, PUBLISHED, URLS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
GENERATOR = runpy.run_path(str(REFERENCE / "generate.py"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_JSON = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FILE = re.compile(r"(?<![\w/.-])((?:[\w-]+/)+[\w-]+\.py)")
_MAKE = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
_SETTING = re.compile(rf"{PREFIX}([A-Z_]+)")
_COMMAND = re.compile(r"^(?:.*\s)?(?:\S*/)?fedi-chapter (?!\"\$@\")(.+)$", re.MULTILINE)


def by_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", PAGES, ids=by_name)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str, heading: str) -> dict[str, str]:
    """Return the rows of the table below a heading, by the name in their second column."""
    section = re.split(r"^#+ ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return {line.split("|")[2].strip().strip("`"): line for line in lines}


def shape(node: object) -> object:
    """Return a document's members in their order, and the kinds of their values."""
    if isinstance(node, dict):
        return [(name, shape(value)) for name, value in node.items()]
    if isinstance(node, list):
        return [shape(each) for each in node[:1]]
    return type(node)


def sections(text: str) -> set[str]:
    """Return the anchors of a page's headings, as the hosting sites make them."""
    headings = _HEADING.findall(_FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words behind `fedi-chapter` of every command line in a page's code blocks."""
    for block in _FENCE.findall(text):
        for line in _COMMAND.findall(block.replace("\\\n", " ")):
            yield shlex.split(line, comments=True)


# -- reference -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GENERATOR["PAGES"])
def test_a_reference_page_is_what_the_program_says_today(name: str) -> None:
    made = GENERATOR["PAGES"][name]()
    assert (REFERENCE / name).read_text(encoding="utf-8") == made, (
        "run: .venv/bin/python docs/reference/generate.py"
    )


def test_every_command_has_its_entry() -> None:
    headings = set(re.findall(r"^## (.+)$", read("docs/reference/commands.md"), re.M))
    assert headings == set(_verbs(cli))


def test_every_setting_has_its_entry() -> None:
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/reference/settings.md"), re.M))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_error_has_its_entry_with_code_and_status() -> None:
    page = read("docs/reference/errors.md")
    found = set(re.findall(r"^\| `(\w+)` \| `([\w-]+)` \| (\d+) \|", page, re.M))
    catalogue = {
        (name, thing.code, str(thing.status))
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, ChapterError)
    }
    assert found == catalogue


def test_every_address_has_its_entry() -> None:
    page = read("docs/reference/addresses.md")
    named = re.findall(r"^\| `([^`]+)` \| ([A-Z, ]+) \|", page, re.M)
    served = [
        (route.path, ", ".join(sorted(route.methods - {"HEAD"})))  # type: ignore[attr-defined]
        for route in routes
    ]
    assert named == served


# -- FEDERATION.md ---------------------------------------------------------------------------


def test_every_activity_we_know_has_its_row() -> None:
    table = rows(read("FEDERATION.md"), "Activities we take")
    assert set(table) == {each.__name__ for each in dispatch.TABLE}


def test_what_is_ignored_is_ignored_for_the_reason_the_program_gives() -> None:
    table = rows(read("FEDERATION.md"), "Activities we take")
    told = {
        each.__name__: entry.reason
        for each, entry in dispatch.TABLE.items()
        if isinstance(entry, Ignored)
    }
    assert {name for name, row in table.items() if "| Ignored: " in row} == set(told)
    assert all(reason in table[name] for name, reason in told.items())


def test_every_happening_has_its_row() -> None:
    table = rows(read("FEDERATION.md"), "Activities we send")
    assert set(table) == {each.__name__ for each in publish.TABLE}


def test_software_that_gets_the_event_is_named() -> None:
    page = read("FEDERATION.md")
    assert [name for name in sorted(forms.TAKES_EVENTS) if f"`{name}`" not in page] == []


def test_examples_have_the_members_of_what_is_written() -> None:
    keys = PublicKeys("main-key", "PEM", "ed25519-key", "z6Mk")
    event = replace(ASKING, images=(), tags=("potluck",))
    counts = {"likes": {"type": "Collection", "totalItems": 0}}
    counts |= {"shares": counts["likes"]}
    join: Document = {"id": "https://m.test/1", "type": "Join", "actor": "a", "object": "b"}
    uri = "https://m.test/events/7"
    written = [
        write_actor(replace(CHAPTER, icon=None), URLS, keys),
        {**write_event(event, CHAPTER, URLS, NOBODY), **counts},
        {**write_face(event, CHAPTER, URLS, NOBODY, FaceState(), PUBLISHED), **counts},
        accept("a", "b", join, "c"),
        rsvp("a", "b", "Join", uri, to="c", at=PUBLISHED),
    ]
    told = [json.loads(block) for block in _JSON.findall(read("FEDERATION.md"))]
    assert [shape(each) for each in told] == [
        shape({name: value for name, value in parse(encode(each)).items() if name != "@context"})
        for each in written
    ]


def test_every_rule_of_trust_is_explained() -> None:
    page = read("docs/explanation/trust.md")
    assert re.findall(r"^\| \d \| \*(.+?)\* \|", page, re.M) == [rule.name for rule in RULES]


# -- every page ------------------------------------------------------------------------------


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{by_name(page)} links to {link}"
        if anchor:
            there = sections(target.read_text(encoding="utf-8"))
            assert anchor in there, f"{by_name(page)} links to {link}"


@every_page
def test_commands_in_examples_exist_with_their_options(page: Path) -> None:
    for words in commands_in(page.read_text(encoding="utf-8")):
        command, rest = _resolved(words)
        known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        used = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert not isinstance(command, click.Group) or used <= {"--help", "--version"}, words
        assert used <= known | {"--help", "--version"}, f"{by_name(page)}: {words}"


@every_page
def test_settings_make_targets_and_files_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {name.lower() for name in _SETTING.findall(text)} <= set(Settings.model_fields)
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    assert set(_MAKE.findall(text)) <= targets
    for name in _FILE.findall(text):
        assert any((folder / name).is_file() for folder in (ROOT, ROOT / "fedi_chapter")), (
            f"{by_name(page)} names {name}"
        )


def _verbs(group: click.Group, prefix: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _verbs(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


def _resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    """Walk down the command line as far as its words name commands."""
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"there is no command {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    return command, rest
