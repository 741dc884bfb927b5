"""The clock that `doctor` compares with: a Date header in every form a server may send it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.cli import checks_outside
from fedi_chapter.cli.checks_outside import date_of
from fedi_chapter.cli.finding import Finding
from fedi_chapter.core.clock import SetClock
from fedi_chapter.net.fetch import Budget, Fetched
from fedi_chapter.store.tx import Database
from tests.kit.ids import CountedIds
from tests.kit.sending import Inboxes, found_sender

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "header",
    [
        "Sat, 21 Nov 2026 12:00:00 GMT",
        "Sat, 21 Nov 2026 13:00:00 +0100",
        "Sat, 21 Nov 2026 12:00:00 -0000",
        "Sat, 21 Nov 2026 12:00:00",
    ],
)
def test_a_date_without_a_zone_is_in_utc(header: str) -> None:
    assert date_of(header) == NOON


@pytest.mark.parametrize("header", ["", "yesterday", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_is_said_to_be_none(header: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        date_of(header)


class PunctualFetcher:
    """Every server answers with what time it is."""

    async def get(self, url: str, *, budget: Budget | None = None, **_: object) -> Fetched:
        date = format_datetime(NOON, usegmt=True)
        kind = "application/activity+json"
        return Fetched(url, kind, kind, b"{}", {"date": date})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("step", "is_right"),
    [(timedelta(hours=2), False), (timedelta(hours=-2), False), (timedelta(seconds=30), True)],
)
async def test_a_clock_two_hours_off_is_named_with_the_cure(
    sqlite_db: Database,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    ids: CountedIds,
    step: timedelta,
    is_right: bool,
) -> None:
    clock = SetClock(NOON + step)
    sender = await found_sender(
        sqlite_db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=Inboxes()
    )
    await sender.followed_by("https://social.example/inbox")
    deps = replace(sender.deps, fetcher=PunctualFetcher())
    found = await checks_outside._clock(deps)  # alone: the others ask for real names
    if is_right:
        assert found == Finding.good("clock")
    else:
        assert "it differs by 7200 s from social.example" in str(found.cause)
        assert "NTP" in str(found.cure)
