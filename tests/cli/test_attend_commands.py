"""`event attend` and `event attending`, over a founded chapter and a network that is not there."""

from datetime import UTC, datetime, timedelta

import pytest

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.errors import Unreachable
from fedi_chapter.deps import Deps
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.federation import attending, learning
from fedi_chapter.federation.objects import Authored
from fedi_chapter.store import hosts, remote_actors
from fedi_chapter.vocab.activities import PUBLIC, EventDocument
from tests.cli.conftest import Shell
from tests.kit.builders import a_remote_actor

HALL = a_remote_actor("hall", "events.example", type="Group")
TOMORROW = SystemClock().now() + timedelta(days=1)


def stand_in(monkeypatch: pytest.MonkeyPatch, software: str, **members: object) -> str:
    """Let one event of a server that runs `software` be found; return its id."""
    uri = f"{HALL.uri}/1"
    fields = {"starts_at": TOMORROW, **members}
    event = NeighbourEvent(uri, HALL.uri, "Choir", url=uri, published_at=TOMORROW, **fields)  # type: ignore[arg-type]

    async def fetch(deps: Deps, url: str, **_: object) -> Authored:
        if url != uri:
            raise Unreachable(f"no connection to {url}")
        await deps.db.write(lambda tx: remote_actors.put(tx, HALL))
        document = EventDocument(event=event, attributed_to=(HALL.uri,), to=(PUBLIC,))
        return Authored(document, HALL)

    async def learn_host(deps: Deps, host: str) -> None:
        await deps.db.write(lambda tx: hosts.learned(tx, host, software, None, True))

    monkeypatch.setattr(attending.objects, "fetch", fetch)
    monkeypatch.setattr(learning, "learn_host", learn_host)
    return uri


def test_what_was_said_is_told_and_listed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = stand_in(monkeypatch, "friendica")
    said = shell.told("event", "attend", uri, "--status", "maybe", "--wait", "0")
    assert said == shell.told("event", "attending")[0]
    told = {name: said[name] for name in ("id", "name", "status", "state", "sent", "cancelled")}
    assert told == {
        "id": uri,
        "name": "Choir",
        "status": "maybe",
        "state": "told",
        "sent": "TentativeAccept",
        "cancelled": False,
    }
    again = shell.run("event", "attend", uri, "--wait", "0.3")
    assert "going  Choir  told; their software sends no answer" in again.stdout
    assert "we do not come" in shell.run("event", "attend", uri, "--status", "no").stdout


def test_where_nobody_listens_the_way_to_sign_up_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = "https://forms.example/choir"
    uri = stand_in(monkeypatch, "wordpress", join_mode="external", sign_up_url=form)
    assert f"their software takes no RSVPs: see {form}" in shell.run("event", "attend", uri).stdout
    (listed,) = shell.told("event", "attending")
    assert (listed["state"], listed["sent"], listed["sign_up_url"]) == ("no-rsvps", None, form)


@pytest.mark.parametrize(
    ("members", "start", "zone", "words"),
    [
        (
            {"timezone": "America/New_York"},
            "2031-01-05T18:00:00-05:00",
            "America/New_York",
            "2031-01-05 18:00 EST",
        ),
        ({"timezone": "UTC"}, "2031-01-05T23:00:00+00:00", "UTC", "2031-01-05 23:00 UTC"),
        *(  # the chapter's own
            (
                {"timezone": unknown},
                "2031-01-05T18:00:00-05:00",
                "America/New_York",
                "2031-01-05 18:00 EST",
            )
            for unknown in (None, "Mars/Base")
        ),
        (
            {"timezone": "Asia/Tokyo", "all_day": True},
            "2031-01-06T08:00:00+09:00",
            "Asia/Tokyo",
            "2031-01-06  ",
        ),
    ],
)
def test_hours_are_those_of_the_place_with_their_zone(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    members: dict[str, object],
    start: str,
    zone: str,
    words: str,
) -> None:
    at = datetime(2031, 1, 5, 23, tzinfo=UTC)
    uri = stand_in(monkeypatch, "mobilizon", join_mode="free", starts_at=at, **members)
    assert shell.run("event", "attend", uri, "--wait", "0").stdout.startswith(words)
    assert shell.run("event", "attending").stdout.startswith(words)
    (listed,) = shell.told("event", "attending")
    assert (listed["start"], listed["timezone"]) == (start, zone)
    assert listed["deleted"] is False


def test_what_can_not_be_said_is_refused_with_a_cure(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = stand_in(monkeypatch, "mobilizon")
    assert "no word for maybe" in shell.refused("event", "attend", uri, "--status", "maybe")
    assert "never said" in shell.refused("event", "attend", uri, "--status", "no")
    assert "no connection" in shell.refused("event", "attend", f"{uri}2")
    own = "https://chapter.example.org/events/1"
    assert "on this server" in shell.refused("event", "attend", own)
    shell.refused("event", "attend", uri, "--status", "perhaps", code=2)
    assert shell.told("event", "attending") == []
