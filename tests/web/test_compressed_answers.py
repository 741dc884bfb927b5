"""Answers that are the same for everybody are compressed, and nothing beside a secret is."""

import gzip
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest

from fedi_chapter.web.negotiate import takes_gzip
from fedi_chapter.web.request_headers import read_headers
from tests.kit.guests import PATH, House
from tests.kit.inviting import PICNIC

pytestmark = pytest.mark.anyio
PLAIN = {"Accept-Encoding": "identity"}
FOR_ALL = ["/", "/calendar", "/events.json", "/calendar.ics", "/feed.atom", "/static/style.css"]


async def raw(house: House, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """Return an answer and its bytes as they came."""
    async with house.browser.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([each async for each in answer.aiter_raw()])


@pytest.mark.parametrize("path", FOR_ALL)
async def test_an_answer_for_everybody_is_compressed_for_who_can_read_that(
    house: House, path: str
) -> None:
    plain, body = await raw(house, path, **PLAIN)
    assert "content-encoding" not in plain.headers
    for _ in range(2):
        packed, shorter = await raw(house, path, **{"Accept-Encoding": "br, gzip;q=0.5"})
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(shorter) == body
        assert int(packed.headers["content-length"]) == len(shorter) < len(body)
        assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
    for answer in (plain, packed):
        assert answer.headers.get_list("vary", split_commas=True)[-1] == "Accept-Encoding"


@pytest.mark.parametrize("path", FOR_ALL)
async def test_the_first_who_asks_gets_it_compressed_and_a_second_time_nothing(
    house: House, path: str
) -> None:
    first, _ = await raw(house, path, **{"Accept-Encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    again, body = await raw(
        house, path, **{"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, body) == (304, b"")
    assert "content-encoding" not in again.headers


@pytest.mark.parametrize("path", ["/events.json", "/calendar.ics", "/feed.atom"])
async def test_who_has_the_newest_by_its_date_gets_nothing_also_from_memory(
    house: House, path: str
) -> None:
    house.clock.advance(timedelta(minutes=1))
    first, _ = await raw(house, path, **PLAIN)
    at = parsedate_to_datetime(first.headers["last-modified"])
    for since, status in (
        (at, 304),
        (at + timedelta(days=1), 304),
        (at - timedelta(seconds=1), 200),
    ):
        known = {"If-Modified-Since": format_datetime(since, usegmt=True)}
        again, body = await raw(house, path, **PLAIN, **known)
        assert (again.status_code, not body) == (status, status == 304)
        # Who names an ETag as well is answered by that alone (RFC 9110 §13.1.3).
        again, _ = await raw(house, path, **PLAIN, **known, **{"If-None-Match": '"another"'})
        assert again.status_code == 200
    again, _ = await raw(house, path, **PLAIN, **{"If-Modified-Since": "some day"})
    assert again.status_code == 200


async def test_what_is_for_one_person_or_carries_a_number_is_sent_as_it_is(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    house.browser.cookies.clear()
    for path in (PATH, own, f"{own}.ics", "/sign-in", "/nowhere"):
        for _ in range(2):
            answer, _ = await raw(house, path, **{"Accept-Encoding": "gzip"})
            assert "content-encoding" not in answer.headers, path


async def test_no_proxy_is_let_compress_what_is_for_one_person(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    for path in (PATH, own, f"{own}.ics", f"{PATH}?answer=new"):
        answer, _ = await raw(house, path)
        is_for_one = path in (PATH, own, f"{own}.ics")
        assert ("no-transform" in answer.headers["cache-control"]) is is_for_one, path


async def test_who_is_signed_in_gets_nothing_compressed(house: House) -> None:
    await house.page("/")
    house.browser.cookies.set("__Host-member", "anything")
    answer, _ = await raw(house, "/", **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip", True),
        ("GZIP, deflate, br", True),
        ("x-gzip", True),
        ("gzip;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("br", False),
        ("identity", False),
        ("*", False),
        ("", False),
        ("gzipped", False),
    ],
)
def test_gzip_is_for_who_names_it(said: str, *, takes: bool) -> None:
    assert takes_gzip(read_headers([(b"accept-encoding", said.encode())])) is takes
