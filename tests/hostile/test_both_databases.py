"""Input that one of the two databases would stumble over (JSON-04, INJ-06, INJ-07)."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from fedi_chapter.app import build_app
from fedi_chapter.core.clock import SetClock
from fedi_chapter.store.tx import Database
from tests.kit.ids import CountedIds
from tests.kit.neighbourhood import BASE, deps_for, seed
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio

ODD = ("%00", "a%00b", "%ff%fe", "%ed%a0%80", "%f4%90%80%80", "%27%20or%201=1", "%25", "_", "%0a")
WHERE = (
    *("/tags/{}", "/groups/{}", "/groups/{}/outbox", "/media/{}", "/static/{}", "/events/{}"),
    *("/follow?object={}", "/.well-known/webfinger?resource=acct:{}@eastside.example.org"),
    *("/calendar?month={}", "/?page={}", "/chapter/outbox?page=true&before={}"),
    "/chapter/followers?page={}",
)


async def test_no_odd_character_in_an_address_is_a_failure_of_ours(
    db: Database, clock: SetClock, ids: CountedIds, tmp_path: Path
) -> None:
    await db.write(seed)
    app = build_app(deps_for(db, clock, ids, tmp_path), with_workers=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        for where in WHERE:
            for odd in ODD:
                for accept in ("text/html", "application/activity+json"):
                    answer = await client.get(where.format(odd), headers={"Accept": accept})
                    assert answer.status_code < 500, (where, odd, answer.text)
        for path in ("/%0a", "/chapter%0a", "/calendar.ics%0a", "/.well-known/nodeinfo%0a"):
            assert (await client.get(path)).status_code == 404, path
        for odd in ODD:
            body = f"handle={odd}&object={odd}"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            for path in ("/follow", "/inbox", "/chapter/inbox"):
                answer = await client.post(path, content=body, headers=headers)
                assert answer.status_code < 500, (path, odd, answer.text)


LOGGED = """
from fedi_chapter.core import log
from tests.kit.patience import PATIENCE
log.configure("info", {style!r})
path = "/x\\r\\nforged line\\x1b[31m\\x07\\x9b\\u2028\\u202e"
log.get_logger("a test").info("request", path=path, short="a\\rb", error=ValueError("c\\nd"))
"""


@pytest.mark.parametrize("style", ["text", "json"])
def test_one_event_in_the_log_is_one_line_without_control_characters(style: str) -> None:
    program = [sys.executable, "-c", LOGGED.format(style=style)]  # it sets up its whole process
    said = subprocess.run(
        program, capture_output=True, check=True, timeout=PATIENCE
    ).stderr.decode()
    assert said.endswith("\n")
    assert "forged line" in said
    assert said[:-1].isprintable()
