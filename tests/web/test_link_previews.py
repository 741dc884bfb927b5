"""The picture an app shows beside a link to an event: there is always one, small and true."""

import asyncio
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from fedi_chapter.core.errors import Busy
from fedi_chapter.domain.event import EventStatus
from fedi_chapter.media import cards
from fedi_chapter.media.cards import MOST_KEPT, Card, Cards
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database
from fedi_chapter.web.public.cards import card_of
from tests.kit.guests import House
from tests.kit.neighbourhood import BASE, BUS, CANCELLED, CHAPTER, PICTURE, an_event, event_id

pytestmark = pytest.mark.anyio
WALK = event_id(2)
CARD = Card("A walk", ("Nov 25", "Park"), "Nov", "25", "Wed", "Eastside", "#3f6122")


async def meta(browser: httpx.AsyncClient, path: str) -> dict[str, str]:
    """Return what a page tells those who preview links."""
    html = (await browser.get(path)).text
    said = r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">'
    found = re.findall(said, html)
    assert len(dict(found)) == len(found)
    return dict(found)


async def picture(browser: httpx.AsyncClient, path: str) -> Image.Image:
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert len(answer.content) <= 100_000
    return Image.open(BytesIO(answer.content))


@pytest.mark.parametrize("number", [1, 2, 3, 6, 7])
async def test_every_event_has_a_picture_of_the_size_its_page_names(
    browser: httpx.AsyncClient, number: int
) -> None:
    told = await meta(browser, f"/events/{event_id(number)}")
    assert told["og:image"].startswith(f"{BASE}/events/{event_id(number)}/card.jpg?")
    assert told["og:image:alt"]
    assert told["twitter:card"] == "summary_large_image"
    drawn = await picture(browser, told["og:image"].removeprefix(BASE))
    assert drawn.size == (int(told["og:image:width"]), int(told["og:image:height"])) == (1200, 630)


async def test_a_picture_of_noise_stays_small_enough_too(
    browser: httpx.AsyncClient, app: Starlette
) -> None:
    noise = Image.effect_noise((1600, 1066), 200).convert("RGB")
    noise.save(app.state.deps.settings.media_dir / PICTURE.file_name, quality=95)
    drawn = await picture(browser, f"/events/{BUS.id}/card.jpg")
    assert drawn.width in (600, 1200)


async def test_the_events_own_picture_is_on_it(browser: httpx.AsyncClient) -> None:
    drawn = await picture(browser, f"/events/{BUS.id}/card.jpg")
    red, green, blue = drawn.convert("RGB").getpixel((1100, 300))  # type: ignore[misc]
    assert abs(red - 0xC9) < 8
    assert abs(green - 0x8A) < 8
    assert abs(blue - 0x5A) < 8


async def test_a_cancelled_event_says_so_on_it_and_under_another_address(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    path = f"/events/{WALK}"
    before = await meta(browser, path)
    off = replace(an_event(2, "Walk the park at dusk", 6, place=None), status=EventStatus.CANCELLED)
    plain = await picture(browser, f"{path}/card.jpg")
    await sqlite_db.write(lambda tx: events.change(tx, off))
    after = await meta(browser, path)
    assert after["og:image"] != before["og:image"]
    assert after["og:title"].startswith("Cancelled: ")
    assert after["og:image:alt"].startswith("Cancelled: ")
    said = await picture(browser, before["og:image"].removeprefix(BASE))  # asked by the old one
    assert yellow(said) > yellow(plain) + 5_000


def yellow(picture: Image.Image) -> int:
    """Return how many dots have the colour of what must not be missed."""
    red, green, blue = picture.convert("RGB").split()
    mask = [
        band.point(lambda value, least=low, most=high: 255 * (least <= value <= most))
        for band, low, high in ((red, 235, 255), (green, 195, 225), (blue, 95, 140))
    ]
    both = Image.composite(mask[0], Image.new("L", picture.size), mask[1])
    return Image.composite(both, Image.new("L", picture.size), mask[2]).histogram()[255]


@pytest.mark.parametrize(
    ("changes", "flag", "off"),
    [
        ({}, "", False),
        ({"status": EventStatus.CANCELLED}, "Cancelled", True),
        ({"status": EventStatus.POSTPONED}, "Postponed", False),
        ({"status": EventStatus.CANCELLED, "language": "es"}, "Cancelada", True),
    ],
)
def test_a_card_says_what_must_not_be_missed_in_the_events_language(
    changes: dict[str, Any], flag: str, off: bool
) -> None:
    card = card_of(replace(BUS, **changes), CHAPTER)
    assert (card.flag, card.off) == (flag, off)


def test_a_card_tells_when_and_where_and_no_online_link() -> None:
    card = card_of(BUS, CHAPTER)
    assert card.lines[1] == "Grace Hall"
    assert "6:30" in card.lines[0]
    online = card_of(an_event(2, "Talk", 6, place=None, online_url="https://x.example"), CHAPTER)
    assert "https" not in repr(online)


@pytest.mark.parametrize("number", [4, 5])
async def test_what_has_no_page_has_no_picture(browser: httpx.AsyncClient, number: int) -> None:
    assert (await browser.get(f"/events/{event_id(number)}/card.jpg")).status_code == 404


async def test_it_is_kept_for_good_under_the_address_that_names_it(
    browser: httpx.AsyncClient,
) -> None:
    told = await meta(browser, f"/events/{CANCELLED.id}")
    named = await browser.get(told["og:image"].removeprefix(BASE))
    assert "immutable" in named.headers["cache-control"]
    other = await browser.get(f"/events/{CANCELLED.id}/card.jpg?something=else")
    assert "immutable" not in other.headers["cache-control"]


async def test_pictures_take_no_room_among_the_answers_kept_in_memory(house: House) -> None:
    path = f"/events/{CANCELLED.id}/card.jpg"
    for query in ("", "?1", "?1"):
        assert "x-request-id" in (await house.browser.get(path + query)).headers


# -- what drawing costs ----------------------------------------------------------------------


async def test_a_card_is_drawn_once_however_many_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(asked: str, target: Path) -> None:
        drawn.append(asked)
        target.write_bytes(b"a picture")

    monkeypatch.setattr(cards, "_run", draw)
    room = Cards()
    files = await asyncio.gather(*(room.file(CARD, tmp_path / "c", tmp_path) for _ in range(9)))
    assert len(set(files)) == len(drawn) == 1
    await Cards().file(CARD, tmp_path / "c", tmp_path)  # after a new start
    assert len(drawn) == 1


async def test_whoever_asks_for_too_many_at_once_is_asked_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "_run", lambda _, target: target.write_bytes(b"a picture"))
    room = Cards()
    asked = [replace(CARD, title=f"Walk {number}") for number in range(60)]
    answers = await asyncio.gather(
        *(room.file(card, tmp_path / "c", tmp_path) for card in asked), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Busy)]
    assert 0 < len(refused) <= 60 - cards.MOST_WAITING
    assert (await room.file(CARD, tmp_path / "c", tmp_path)).is_file()


async def test_the_folder_of_cards_does_not_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "_run", lambda _, target: target.write_bytes(b"a picture"))
    folder = tmp_path / "c"
    folder.mkdir()
    for number in range(MOST_KEPT + 20):
        (folder / f"{number:024x}.jpg").write_bytes(b"old")
    newest = await Cards().file(CARD, folder, tmp_path)
    assert len(list(folder.iterdir())) == MOST_KEPT
    assert newest.read_bytes() == b"a picture"


@pytest.mark.parametrize(
    "title",
    [
        "x" * 200,
        "茶会",
        "🎉" * 60,
        "اجتماع الجيران",
        "Zażółć gęślą jaźń",
        "\u202e\u200b",
        "a " * 99,
    ],
)
async def test_any_title_can_be_drawn(tmp_path: Path, title: str) -> None:
    file = await Cards().file(replace(CARD, title=title, flag="Cancelled"), tmp_path, tmp_path)
    with Image.open(file) as drawn:
        assert drawn.size == (1200, 630)
    assert file.stat().st_size <= 100_000


async def test_a_full_disk_is_said_and_leaves_no_half_a_picture(tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    folder.write_text("no folder")
    with pytest.raises(Busy):
        await Cards().file(CARD, folder, tmp_path)


async def test_a_disk_that_is_full_once_the_picture_is_drawn_is_busy_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cards._run
    monkeypatch.setattr(cards, "_run", lambda asked, _: run(asked, Path("/dev/full")))
    with pytest.raises(Busy, match="No space left on device"):
        await Cards().file(CARD, tmp_path / "cards", tmp_path)
    assert list((tmp_path / "cards").iterdir()) == []
