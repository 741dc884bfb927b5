"""What was known before a step is known after it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from fedi_chapter.store import migrate

ACTOR = (
    "INSERT INTO remote_actors (uri, host, type, username, handle, name, summary_html, url,"
    " inbox, also_known_as, fetched_at) VALUES ('a', 'h', 'Group', 'u', 'u@h', 'n', '', 'a',"
    " 'i', '[]', 1)"
)
US = (
    "INSERT INTO local_actors (id, kind, handle, name, summary, summary_html, language,"
    " timezone, also_known_as, created_at, updated_at)"
    " VALUES ('us', 'chapter', 'us', 'n', '', '', 'en', 'UTC', '[]', 1, 1)"
)
EVENT = (
    "INSERT INTO neighbour_events (uri, actor_uri, name, starts_at, all_day, html, url, cancelled,"
    " takes_rsvp, published_at) VALUES (?, 'a', 'n', 1, 0, '', 'u', 0, ?, 1)"
)


def at_step(path: Path, version: str) -> None:
    """Bring a new database to an older form."""
    config = Config()
    config.set_main_option("script_location", str(migrate.folder()))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, version)
    engine.dispose()


def test_an_event_that_took_rsvps_still_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "chapter.db"
    at_step(path, "0007")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(ACTOR)
        conn.executemany(EVENT, [("open", 1), ("shut", 0)])
        conn.commit()
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        kept = conn.execute("SELECT uri, join_mode FROM neighbour_events ORDER BY uri").fetchall()
    assert kept == [("open", "free"), ("shut", None)]


def test_followers_are_counted_by_their_host_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "chapter.db"
    at_step(path, "0009")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(ACTOR)
        conn.execute(US)
        conn.execute(
            "INSERT INTO followers (actor_id, uri, follow_activity, state, since)"
            " VALUES ('us', 'a', 'f', 'accepted', 1)"
        )
        conn.commit()
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT uri, host FROM followers").fetchall() == [("a", "h")]


def test_the_links_of_events_that_keep_their_place_are_private_from_then_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "chapter.db"
    at_step(path, "0010")
    events = [
        ("open", "all", 0),
        ("kept", "going", 0),
        ("approved", "all", 1),
    ]
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(US)
        conn.executemany(
            "INSERT INTO events (id, actor_id, name, starts_at, over_at, timezone, online_url,"
            " rsvp, place_shown, approval, status, visibility, language, description,"
            " description_html, created_at, revision)"
            " VALUES (?, 'us', 'n', 1, 2, 'UTC', 'https://meet.test', 'on', ?, ?, 'scheduled',"
            " 'public', 'en', '', '', 1, 0)",
            events,
        )
        conn.commit()
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        public = conn.execute(
            "SELECT id, link_kept FROM events WHERE online_url NOT NULL"
        ).fetchall()
        private = conn.execute("SELECT event_id, url FROM private_links ORDER BY 1").fetchall()
    assert public == [("open", 0)]
    assert private == [("approved", "https://meet.test"), ("kept", "https://meet.test")]


def test_events_keep_the_hours_that_their_zones_clocks_showed(tmp_path: Path) -> None:
    path = tmp_path / "chapter.db"
    at_step(path, "0011")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(US)
        at = 1_767_952_800_000_000  # 2026-01-09 10:00 UTC
        conn.executemany(
            "INSERT INTO events (id, actor_id, name, description, description_html, starts_at,"
            " ends_at, over_at, timezone, rsvp, approval, counts_only, poll, place_shown, bring,"
            " status, visibility, language, created_at, revision)"
            " VALUES (?, 'us', 'n', '', '', ?, ?, ?, ?, 'off', 0, 0, '[]', 'all', '',"
            " 'scheduled', 'public', 'en', 1, 0)",
            [
                ("a", at, at + 7_200_000_000, at + 7_200_000_000, "America/New_York"),
                ("b", at, None, at + 7_200_000_000, "Nowhere/At_All"),
            ],
        )
        conn.commit()
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        kept = conn.execute(
            "SELECT local_start, local_end, local_until, all_day FROM events ORDER BY id"
        ).fetchall()
    assert kept == [("2026-01-09T05:00:00", "2026-01-09T07:00:00", None, 0), ("", None, None, 0)]


def test_what_waits_in_the_inbox_and_what_was_taken_back_are_known_as_before(
    tmp_path: Path,
) -> None:
    path = tmp_path / "chapter.db"
    at_step(path, "0017")
    with closing(sqlite3.connect(path)) as conn:
        conn.executemany(
            "INSERT INTO inbox (activity_id, actor_uri, type, body, received_at, state, attempts,"
            " due) VALUES (?, 'a', 'Like', '{}', 7, 'waiting', 0, 9)",
            [("https://h/1",), ("unproved:abc",)],
        )
        conn.execute("INSERT INTO tombstones VALUES ('undone:ff', NULL, 5, 0), ('u', NULL, 5, 0)")
        conn.commit()
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        columns = "activity_id, digest, signed_at, place, proved, stands_aside"
        assert conn.execute(f"SELECT {columns} FROM inbox ORDER BY id").fetchall() == [
            ("https://h/1", "https://h/1", 7, 9, 1, 0),
            ("unproved:abc", "unproved:abc", 7, 9, 0, 0),
        ]
        assert conn.execute("SELECT mark, until, is_open FROM undone").fetchall() == [("ff", 5, 1)]
        assert conn.execute("SELECT uri FROM tombstones").fetchall() == [("u",)]


def test_what_others_dated_in_the_future_is_dated_no_later_than_now(tmp_path: Path) -> None:
    path, far = tmp_path / "chapter.db", 4_000_000_000_000_000
    at_step(path, "0024")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(ACTOR.replace("summary_html, ", "").replace("'n', '', 'a'", "'n', 'a'"))
        conn.executemany(
            "INSERT INTO neighbour_posts (uri, actor_uri, html, url, published_at, updated_at)"
            " VALUES (?, 'a', '', 'u', ?, ?)",
            [("honest", 1, 2), ("new", 1, None), ("wrong", far, far)],
        )
        conn.commit()
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        query = "SELECT uri, published_at, updated_at FROM neighbour_posts ORDER BY uri"
        honest, new, wrong = conn.execute(query).fetchall()
    assert (honest, new) == (("honest", 1, 2), ("new", 1, None))
    assert 2 < wrong[1] == wrong[2] < far
