import contextlib
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import click
import pytest

from fedi_chapter.cli import follow as follow_commands
from fedi_chapter.cli import frame, moderation, people
from fedi_chapter.cli.main import cli, main
from fedi_chapter.core.errors import NotAllowed, UnknownHandle
from fedi_chapter.deps import Deps
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.store import remote_actors
from tests.cli.conftest import Shell

START = ("--start", "2027-03-19T10:00")
ATHENS = RemoteActor(
    uri="https://athens.example/chapter",
    host="athens.example",
    type="Group",
    username="athens",
    handle="athens@athens.example",
    name="Athens",
    inbox="https://athens.example/chapter/inbox",
    url="https://athens.example/",
)


async def resolve(deps: Deps, target: str) -> RemoteActor:
    """Stand in for the network: only Athens can be found."""
    if target.removeprefix("@") not in (ATHENS.handle, ATHENS.uri):
        raise UnknownHandle(f"nobody is called {target}", cure="check the spelling")
    await deps.db.write(lambda tx: remote_actors.put(tx, ATHENS))
    return ATHENS


@pytest.fixture(autouse=True)
def one_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (follow_commands, people, moderation):
        monkeypatch.setattr(module.discover, "resolve", resolve)


def on_disk(shell: Shell, statement: str) -> None:
    """Change the chapter's database behind its back."""
    with contextlib.closing(sqlite3.connect(shell.data / "chapter.db")) as conn, conn:
        conn.execute(statement)


def commands(command: click.Command, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(command, click.Group):
        return {
            name: found
            for each in command.commands.values()
            for name, found in commands(each, (*path, str(each.name))).items()
        }
    return {path: command}


@pytest.mark.parametrize("path", commands(cli), ids=" ".join)
def test_every_command_takes_data_and_json_and_explains_itself(path: tuple[str, ...]) -> None:
    command = commands(cli)[path]
    assert {"--data", "--json"} <= {word for param in command.params for word in param.opts}
    assert command.help
    assert isinstance(command, frame.Verb)


def test_a_post_is_written_edited_listed_and_deleted(shell: Shell, picture: Path) -> None:
    made = shell.told(
        *("post", "create", "Hello **world** #garden", "--title", "News", "--language", "de"),
        *("--image", str(picture), "--alt", "A poster", "--visibility", "unlisted"),
    )
    assert made["id"] == made["url"]
    assert made["id"].startswith("https://chapter.example.org/posts/")
    assert len(list((shell.data / "media").iterdir())) == 1
    bare = made["id"].rpartition("/")[2]
    assert shell.told("post", "edit", bare, "--text", "Changed")["id"] == made["id"]
    assert [each["title"] for each in shell.told("post", "list")] == ["News"]
    shell.told("post", "delete", made["id"])
    assert "deleted" in shell.refused_without_cure("post", "edit", made["id"], "--text", "Again")


def test_a_post_has_a_warning_until_it_is_taken_away(shell: Shell) -> None:
    made = shell.told("post", "create", "Eight legs", "--warning", "Spiders")
    assert made["warning"] == "Spiders"
    assert "Spiders" in shell.run("post", "list").stdout
    assert "legs" not in shell.run("post", "list").stdout
    assert shell.told("post", "edit", made["id"], "Ten legs")["warning"] == "Spiders"
    assert shell.told("post", "edit", made["id"], "--warning", "")["warning"] is None


def test_a_post_reads_standard_input(shell: Shell) -> None:
    shell.told("post", "create", "-", text="From a pipe")
    assert "From a pipe" in shell.run("post", "list").stdout


def test_an_unknown_handle_in_a_post_stays_text_with_a_warning(shell: Shell) -> None:
    result = shell.run("post", "create", "Hi @nobody@nowhere.example and @athens@athens.example")
    assert result.exit_code == 0
    assert "@nobody@nowhere.example stays plain text" in result.stderr
    assert "athens" not in result.stderr


def test_an_event_goes_through_its_life(shell: Shell) -> None:
    made = shell.told(
        *("event", "create", "--name", "Canvass", *START, "--end", "2027-03-19T13:00"),
        *("--place", "Hall", "--address", "1 Main St", "--lat", "33.7", "--lon", "-84.4"),
        *("--tag", "doors", "--capacity", "40", "--rsvp", "off", "--description", "Bring *shoes*"),
    )
    assert made["face"] == f"{made['id']}/face"
    assert made["ics"] == f"{made['id']}.ics"
    assert made["start"] == "2027-03-19T10:00:00-04:00"
    changed = shell.told("event", "edit", made["face"], "--start", "2027-03-20T11:00")
    assert (changed["end"], changed["status"]) == ("2027-03-20T14:00:00-04:00", "scheduled")
    assert changed["previous_start"] == made["start"]
    assert shell.told("event", "show", made["id"])["revision"] == 1
    cancelled = shell.told("event", "cancel", made["id"], "--reason", "Rain")
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "Rain")
    assert "already" in shell.refused_without_cure("event", "cancel", made["id"])
    shell.told("event", "delete", made["id"])
    assert shell.told("event", "list") == [] or shell.told("event", "list")[0]["id"] == made["id"]


def test_only_an_organizer_is_shown_the_exact_place(shell: Shell) -> None:
    event = shell.told(
        *("event", "create", "--name", "Supper", *START, "--place", "Rose Cottage"),
        *("--address", "7 Hidden Lane", "--lat", "33.7512", "--lon", "-84.3391"),
        *("--place-shown", "going", "--area", "Eastside"),
    )
    assert event["place"] == "Eastside"
    assert "Hidden" not in str([event, *shell.told("event", "list")])
    shown = shell.told("event", "show", event["id"])
    assert (shown["exact_place"], shown["exact_address"]) == ("Rose Cottage", "7 Hidden Lane")
    assert shown["exact_position"] == [33.7512, -84.3391]
    everyone = shell.told("event", "edit", event["id"], "--place-shown", "all")
    assert (everyone["place"], everyone["address"]) == ("Rose Cottage", "7 Hidden Lane")


def test_a_draft_is_published_later(shell: Shell) -> None:
    made = shell.told("event", "create", "--name", "Canvass", *START, "--draft")
    assert made["status"] == "draft"
    assert shell.told("event", "publish", made["id"])["status"] == "scheduled"


@pytest.mark.parametrize(
    "words",
    [
        ("event", "create", "--name", "\u3164", *START),
        ("event", "create", "--name", "Canvass", "--start", "soon"),
        ("event", "create", "--name", "Canvass", "--start", "2027-03-14T02:30"),
        ("event", "create", "--name", "Canvass", "--start", "2020-03-14T10:00"),
        ("event", "create", "--name", "Canvass", *START, "--end", "2027-03-19T09:00"),
        ("event", "create", "--name", "Canvass", *START, "--image", "none.png"),
        ("event", "create", "--name", "Canvass", *START, "--image", "none.png", "--alt", " "),
        ("event", "create", "--name", "Canvass", *START, "--image", "none.png", "--alt", "x"),
        ("event", "show", "no-id"),
        ("event", "show", "https://other.example/events/0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"),
        ("event", "show", "0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"),
        ("post", "create", " "),
        ("post", "create", "x", "--language", "?"),
        ("post", "delete", "0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"),
        ("follow", "@nobody@nowhere.example"),
        ("follow", "http://"),
        ("follow", "https://[::1"),
        ("boost", "somewhere"),
        ("boost", "https://name:password@other.example/1"),
        ("unfollow", "@athens@athens.example"),
        ("block", "not a host"),
        ("block", "https://["),
        ("block", "@nobody@nowhere.example"),
        ("unblock", "bad.example"),
        ("allow", "https://bad.example/users/x"),
        ("replies", "show", "https://other.example/1"),
        ("key", "rotate", "--actor", "nobody"),
        ("profile", "edit", "--timezone", "Nowhere"),
        ("profile", "edit", "--timezone", "localtime"),
        ("profile", "edit", "--timezone", "../../etc/localtime"),
    ],
    ids=" ".join,
)
def test_bad_input_is_refused_with_its_cure(shell: Shell, words: tuple[str, ...]) -> None:
    shell.refused(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("event", "create"),
        ("event", "create", "--name", "Canvass", *START, "--rsvp", "perhaps"),
        ("event", "create", "--name", "Canvass", *START, "--lat", "north"),
        ("post", "create", "x", "--visibility", "secret"),
        ("queue", "list", "--state", "lost"),
        ("dance",),
        ("run", "--port", "99999"),
        ("run", "--tls-cert", "cert.pem"),
    ],
    ids=" ".join,
)
def test_wrong_usage_has_its_own_exit_code(shell: Shell, words: tuple[str, ...]) -> None:
    shell.refused(*words, code=2)


def test_a_neighbour_is_followed_once_and_unfollowed_by_handle(shell: Shell) -> None:
    told = shell.told("follow", "@athens@athens.example", "--wait", "0")
    assert (told["state"], told["actor"]) == ("pending", ATHENS.uri)
    assert shell.told("follow", ATHENS.uri, "--wait", "0")["state"] == "pending"
    assert [each["actor"] for each in shell.told("following")] == [ATHENS.uri]
    shell.told("unfollow", "@Athens@athens.example")
    assert shell.told("following") == []
    assert shell.told("followers") == []


def test_hosts_and_actors_are_blocked_and_unblocked(shell: Shell) -> None:
    shell.told("block", "bad.example")
    assert shell.told("block", "@athens@athens.example")["target"] == ATHENS.uri
    assert {each["target"] for each in shell.told("blocks")} == {"bad.example", ATHENS.uri}
    shell.refused("follow", ATHENS.uri)
    shell.told("unblock", ATHENS.uri)
    shell.told("unblock", "bad.example")
    assert shell.told("blocks") == []


@pytest.mark.parametrize(
    ("blocked", "unblocked"),
    [
        ("Bad.Example.", "bad.example"),
        ("https://bad.example/", "BAD.EXAMPLE"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "Bücher.example"),
        ("bad.example:8443", "@bad.example"),
    ],
)
def test_a_block_is_named_alike_when_it_is_made_listed_and_lifted(
    shell: Shell, blocked: str, unblocked: str
) -> None:
    made = shell.told("block", blocked)["target"]
    assert [each["target"] for each in shell.told("blocks")] == [made]
    assert shell.told("unblock", unblocked)["target"] == made
    assert shell.told("blocks") == []


def test_an_actor_is_unblocked_by_its_handle_though_its_server_is_gone(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.told("block", "@athens@athens.example")

    async def gone(*_: object, **__: object) -> RemoteActor:
        raise UnknownHandle("nobody answers there")

    monkeypatch.setattr(moderation.discover, "resolve", gone)
    assert shell.told("unblock", "@Athens@athens.example")["target"] == ATHENS.uri
    assert shell.told("blocks") == []


def test_a_server_may_be_let_in_that_was_unblocked(shell: Shell) -> None:
    assert shell.told("allow", "good.example")["host"] == "good.example"


def test_a_public_thing_elsewhere_is_boosted_by_any_of_its_addresses(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = {
        "id": "https://athens.example/posts/1",
        "type": "Note",
        "attributedTo": ATHENS.uri,
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
    }

    async def fetch(_: Deps, uri: str, **__: object) -> dict[str, object]:
        return {**note, "to": []} if uri.endswith("private") else note

    async def actor(deps: Deps, uri: str, **_: object) -> RemoteActor:
        return await resolve(deps, uri)

    monkeypatch.setattr(people.origin, "fetch", fetch)
    monkeypatch.setattr(people.remote_actors, "actor", actor)
    made = shell.told("boost", "https://athens.example/page/1")
    assert made["object"] == note["id"]
    assert shell.told("boost", str(note["id"]))["id"] == made["id"]
    assert "not public" in shell.refused("boost", "https://athens.example/private")
    assert shell.told("unboost", str(note["id"]))["id"] == made["id"]
    shell.refused("unboost", "https://athens.example/private")
    reply = shell.told("post", "create", "Indeed", "--reply-to", "https://athens.example/page/1")
    assert reply["in_reply_to"] == note["id"]


def test_our_own_public_things_can_be_answered_and_others_not(shell: Shell) -> None:
    shown = shell.told("post", "create", "One")["id"]
    hidden = shell.told("post", "create", "Two", "--visibility", "followers")["id"]
    assert shell.told("post", "create", "Three", "--reply-to", shown)["in_reply_to"] == shown
    assert shell.told("boost", shown)["object"] == shown
    assert "not public" in shell.refused("boost", hidden)


@pytest.mark.parametrize("verb", ["boost", "unboost"])
def test_what_is_missing_here_is_refused_with_its_cure(shell: Shell, verb: str) -> None:
    for path in ("posts/0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11", "about"):
        assert "there is nothing" in shell.refused(verb, f"https://chapter.example.org/{path}")
    post = shell.told("post", "create", "One")["id"]
    shell.told("post", "delete", post)
    shell.refused(verb, post)


def test_what_was_never_boosted_can_not_be_taken_back(shell: Shell) -> None:
    post = shell.told("post", "create", "One")["id"]
    assert "is not boosted" in shell.refused("unboost", post)


@pytest.mark.parametrize("own", ["chapter.example.org", "https://chapter.example.org:443/"])
def test_a_chapter_does_not_block_itself_under_any_spelling(shell: Shell, own: str) -> None:
    assert "itself" in shell.refused("block", own)


def test_a_certificate_that_is_none_is_refused_before_anything_starts(
    shell: Shell, picture: Path
) -> None:
    words = ("run", "--port", "0", "--tls-cert", str(picture), "--tls-key", str(picture))
    assert "PEM" in shell.refused(*words)


def test_the_queue_is_told_in_numbers(shell: Shell) -> None:
    told = shell.told("queue", "status")
    assert told["waiting"] == told["in_flight"] == told["failed"] == 0
    assert shell.told("queue", "list", "--state", "failed") == []
    none = {"requeued": 0, "unparked": 0}
    assert shell.told("queue", "retry", "--host", "athens.example") == none


def test_what_was_dropped_is_told_in_numbers(shell: Shell) -> None:
    on_disk(shell, "INSERT INTO dropped VALUES ('replay', 3), ('stranger', 14)")
    status = shell.told("queue", "status")
    assert (status["dropped_replays"], status["dropped_strangers"]) == (3, 14)
    said = shell.run("queue", "status").stdout
    assert "dropped so far: 3 that came the very same again, 14 about accounts" in said


def test_what_was_set_aside_is_counted_listed_and_taken_up_again(shell: Shell) -> None:
    shell.told("post", "create", "Hello")
    on_disk(shell, "UPDATE outbox SET parked_at = 1, attempts = 10, error = 'RuntimeError: bug'")
    status = shell.told("queue", "status")
    assert (status["parked_inbox"], status["parked_outbox"]) == (0, 1)
    assert (
        "set aside: 0 of what came in, 1 of what happened here"
        in shell.run("queue", "status").stdout
    )
    (job,) = shell.told("queue", "list", "--state", "parked")
    assert (job["queue"], job["job"], job["error"]) == (
        "outbox",
        "PostPublished",
        "RuntimeError: bug",
    )
    assert "RuntimeError: bug" in shell.run("queue", "list", "--state", "parked").stdout
    (found,) = (
        each
        for each in json.loads(shell.run("doctor", "--json").stdout)
        if each["check"] == "jobs set aside"
    )
    assert (found["ok"], "queue retry" in found["cure"]) == (False, True)
    assert shell.told("queue", "retry") == {"requeued": 0, "unparked": 1}
    assert shell.told("queue", "list", "--state", "parked") == []


def test_a_key_is_rotated(shell: Shell) -> None:
    assert shell.told("key", "rotate")["key"] == "https://chapter.example.org/chapter#main-key-2"
    assert shell.told("key", "rotate", "--actor", "relay")["key"].endswith("/actor#main-key-2")


def test_the_profile_is_changed(shell: Shell, picture: Path) -> None:
    told = shell.told(
        "profile", "edit", "--name", "Atlanta!", "--icon", str(picture), "--icon-alt", "Hills"
    )
    assert told["name"] == "Atlanta!"
    shell.refused("profile", "edit", "--icon", str(picture))


def test_migrate_says_that_nothing_is_to_be_done(shell: Shell) -> None:
    told = shell.told("migrate", "--check")
    assert told["from"] == told["to"]
    assert shell.told("migrate") == told


@pytest.mark.parametrize(
    "words", [("event", "list"), ("migrate",), ("run", "--port", "0"), ("follow", "@a@b.example")]
)
def test_without_a_chapter_commands_are_unusable(empty: Shell, words: tuple[str, ...]) -> None:
    assert "init" in empty.refused(*words, code=3)


def test_an_unknown_setting_is_unusable(shell: Shell) -> None:
    (shell.data / "chapter.toml").write_text("colour = 'red'\n")
    assert "COLOUR" in shell.refused("event", "list", code=3)


def test_a_database_that_can_not_be_reached_is_unusable(shell: Shell) -> None:
    (shell.data / "chapter.toml").write_text(
        "database_url = 'postgresql+asyncpg://nobody@127.0.0.1:1/none'\n"
    )
    shell.refused("event", "list", code=3)


def test_a_broken_database_is_unusable(shell: Shell) -> None:
    (shell.data / "chapter.db").write_bytes(b"not a database at all" * 100)
    shell.refused("event", "list", code=3)


def test_a_lost_master_key_is_unusable(shell: Shell) -> None:
    (shell.data / "secret.key").unlink()
    shell.refused("event", "list", code=3)


def test_a_server_does_not_start_with_another_chapters_master_key(shell: Shell) -> None:
    """It could sign nothing that others believe, and would find out one delivery at a time."""
    other = Shell(shell.data.parent / "other")
    other.told("init", "--domain", "x.example", "--handle", "x", "--name", "X")
    (shell.data / "secret.key").write_bytes((other.data / "secret.key").read_bytes())
    for verb in (("run", "--port", "0"), ("web", "--port", "0"), ("worker",)):
        said = shell.refused(*verb, code=3)
        assert "not sealed with this master key" in said


def test_a_bug_is_one_line_and_a_traceback_only_for_those_who_ask(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("surprise\nwith a second line")

    monkeypatch.setattr(frame, "check_schema", broken)
    said = shell.refused("event", "list")
    assert "RuntimeError: surprise\n" in said
    assert "this is a bug" in said
    monkeypatch.setenv("FEDI_CHAPTER_LOG_LEVEL", "debug")
    assert "Traceback" in shell.run("event", "list").stderr


def test_the_program_itself_returns_the_exit_code(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["fedi-chapter", *words, "--data", str(shell.data)])
        return main()

    assert call("event", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert call("event", "show", "nothing") == 1
    assert call("dance") == 2
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert call("--version") == 0


async def _forbidden(*_: object, **__: object) -> object:
    raise NotAllowed("not today")


def test_doctor_finds_what_is_wrong_while_the_server_is_down(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi_chapter.net.fetch.GuardedFetcher.get", _forbidden)
    result = shell.run("doctor", "--json")
    findings = {each["check"]: each for each in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert not findings["server"]["ok"]
    assert "run" in findings["server"]["cure"]
    for check in ("settings", "schema", "database", "media folder", "key of atlanta", "mail"):
        assert findings[check]["ok"], findings[check]
    assert set(findings["disk"]) == {"check", "ok", "cause", "cure"}


def test_doctor_names_a_key_that_the_master_key_does_not_open(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi_chapter.net.fetch.GuardedFetcher.get", _forbidden)
    other = Shell(shell.data.parent / "other")
    other.told("init", "--domain", "x.example", "--handle", "x", "--name", "X")
    (shell.data / "secret.key").write_bytes((other.data / "secret.key").read_bytes())
    findings = {each["check"]: each for each in json.loads(shell.run("doctor", "--json").stdout)}
    assert not findings["key of atlanta"]["ok"]
    assert findings["key of atlanta"]["cure"]


def test_doctor_names_wrong_settings_and_a_missing_chapter(empty: Shell) -> None:
    [settings, schema] = json.loads(empty.run("doctor", "--json").stdout)
    assert (settings["ok"], schema["ok"]) == (True, False)
    empty.data.mkdir()
    (empty.data / "chapter.toml").write_text("nonsense")
    [settings] = json.loads(empty.run("doctor", "--json").stdout)
    assert not settings["ok"]


def test_the_sample_chapter_is_made_once(empty: Shell) -> None:
    told = empty.told("sample")
    assert (told["base_url"], told["filled"]) == ("http://localhost:8000", True)
    assert len(empty.told("event", "list")) == 3
    first = empty.told("post", "list")
    assert len(first) == 2
    assert sum(len(each["images"]) for each in first) == 1
    again = empty.told("sample")
    assert (again["base_url"], again["filled"]) == ("http://localhost:8000", False)
    assert empty.told("post", "list") == first


def test_the_sample_signs_its_organizer_in_at_the_address_it_is_served_at(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDI_CHAPTER_BASE_URL", "http://localhost:8123")
    links = {empty.told("sample")["sign_in_url"] for _ in range(2)}
    assert len(links) == 2  # each works once
    assert all(link.startswith("http://localhost:8123/") for link in links)
    assert "/sign-in?token=" in empty.run("sample").stdout
    assert [each["name"] for each in empty.told("organizer", "list")] == ["Sam"]


def test_who_follows_the_server_as_a_whole_is_listed_with_the_followers(shell: Shell) -> None:
    with contextlib.closing(sqlite3.connect(shell.data / "chapter.db")) as conn, conn:
        ours = dict(conn.execute("SELECT kind, id FROM local_actors").fetchall())
        for name, kind in (("ana", "chapter"), ("relay", "instance")):
            uri = f"https://g.test/{name}"
            conn.execute(
                "INSERT INTO remote_actors (uri, host, type, username, handle, name, url, inbox,"
                " also_known_as, fetched_at)"
                " VALUES (?, 'g.test', 'Person', ?, ?, ?, ?, ?, '[]', 1)",
                (uri, name, f"@{name}@g.test", name, uri, f"{uri}/inbox"),
            )
            conn.execute(
                "INSERT INTO followers (actor_id, uri, follow_activity, state, since, host)"
                " VALUES (?, ?, ?, 'accepted', 1, 'g.test')",
                (ours[kind], uri, f"{uri}#follow"),
            )
    listed = {each["handle"]: each["follows"] for each in shell.told("followers")}
    assert listed == {"@ana@g.test": "chapter", "@relay@g.test": "server"}
    ana, relay = shell.run("followers").stdout.splitlines()
    assert "server" not in ana
    assert "@relay@g.test" in relay
    assert relay.endswith("follows the server (/actor)")


def test_a_held_reply_is_listed_with_its_warning_and_its_pictures_and_choices(
    shell: Shell,
) -> None:
    on_disk(
        shell,
        "INSERT INTO replies (uri, actor_uri, in_reply_to, root, html, attached, warning, is_cut,"
        " rule, url, unlisted, state, published_at, received_at, host) VALUES ('https://b.test/1',"
        " 'https://b.test/u', 'x', 'x', '', '<p>🖼 <a href=\"x\">A crab</a></p><p>○ Big</p>',"
        " 'Crabs', 0, 1, 'x', 0, 'held', 1, 1, '')",
    )
    assert shell.run("replies", "list").stdout.strip().endswith("[Crabs] 🖼 A crab ○ Big")
    (told,) = shell.told("replies", "list")
    assert (told["warning"], told["text"].split("\n")[0]) == ("Crabs", "🖼 A crab")
