"""Servers that were held for microblogs are asked again what they run."""

import sqlite3
from contextlib import closing
from pathlib import Path

from fedi_chapter.store import migrate
from tests.migrations.test_kept_by_steps import US, at_step


def test_a_server_nailed_to_faces_is_asked_anew_and_the_others_when_their_week_is_over(
    tmp_path: Path,
) -> None:
    path, week = tmp_path / "chapter.db", 7 * 24 * 3600 * 1_000_000
    at_step(path, "0012")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(US)
        conn.executemany(
            "INSERT INTO hosts (host, software, asked_at, takes_events, scheme, failures)"
            " VALUES (?, ?, 10, ?, 'cavage', 0)",
            [("fine", "gancio", 1), ("nailed", "everycal", 1), ("silent", None, 0)],
        )
        conn.execute(
            "INSERT INTO activities (id, uri, type, actor_id, object_uri, body, digest, at)"
            " VALUES (1, 'a', 'Update', 'us', 'x/face', '', '', 1)"
        )
        conn.execute(
            "INSERT INTO deliveries (activity_id, inbox, host, object_uri, state, attempts,"
            " first_due, due) VALUES (1, 'i', 'nailed', 'x/face', 'done', 1, 1, 1)"
        )
        conn.commit()
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        rows = conn.execute("SELECT host, takes_events, ask_again_at FROM hosts ORDER BY host")
        kept = rows.fetchall()
    assert kept == [("fine", 1, 10 + week), ("nailed", 0, None), ("silent", 0, None)]
