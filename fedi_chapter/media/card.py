"""The picture that stands for an event where a link to it is shown: a program of its own.

Started by `media.cards` as `python -I card.py TARGET`, what to draw as JSON on standard input;
writes a JPEG of at most 100 KB. It limits its own memory and time, and takes the fonts that the
machine has: no sign is drawn that none of them knows. Nobody imports it.
"""

import contextlib
import json
import os
import resource
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageColor, ImageDraw, ImageFont, ImageOps

SIZE = WIDTH, HEIGHT = 1200, 630
LARGEST = 99_000
"""Bytes; previews of some apps leave out larger pictures."""
QUALITIES = (88, 80, 70, 60, 45, 30)
MEMORY = 1 << 30
SECONDS = 20
LARGEST_FILE = 4 << 20
MOST_PIXELS = 40_000_000
EDGE = 64
SHEET = 250
PHOTO = 780
"""Where the event's own picture begins."""
PAPER, DARK, SUN = "#fffcf5", "#241d15", "#f8d077"
HOUSES = ((70, 52), (54, 40), (82, 66), (60, 46), (74, 58))
"""Widths, and heights up to the eaves."""
FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts")
MOST_FONTS = 300
PREFERRED = (
    "P052-Bold",
    "DejaVuSerif-Bold",
    "NotoSerif-Bold",
    "LiberationSerif-Bold",
    "DejaVuSans-Bold",
    "NotoSans-Bold",
    "LiberationSans-Bold",
    "NotoSerifCJK-Bold",
    "NotoSansCJK-Bold",
)
"""The names of fonts that look like our pages, then of those with many letters."""
JOINERS = "\u200c\u200d"
HIDDEN = ("Cc", "Cf")
"""Categories of signs that are not seen, and could turn a title around; joiners shape letters."""
_UNKNOWN = "\U0010ffff"
"""No font has a sign for it: what is drawn instead is how a font says that it knows none."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def main(target: Path) -> None:
    """Draw what standard input asks for into `target`."""
    _limit()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    asked = json.load(sys.stdin)
    picture = Image.new("RGB", SIZE, asked["ink"])
    room = WIDTH - 2 * EDGE
    if asked["picture"] and _put_photo(picture, Path(asked["picture"])):
        room = PHOTO - 40
    draw = ImageDraw.Draw(picture)
    _put_street(draw, asked["ink"], room)
    _put_sheet(draw, asked)
    _put_words(draw, asked, EDGE + SHEET + 48, room)
    try:
        target.write_bytes(_packed(picture))
    except OSError as error:
        sys.stderr.write(str(error.strerror))
        raise SystemExit(os.EX_IOERR) from error


def _limit() -> None:
    os.nice(10)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        # A system may allow less than we would; then that is the limit.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _packed(picture: Image.Image) -> bytes:
    """Return the picture as a JPEG that is small enough, as good as that can be."""
    for quality in QUALITIES:
        packed = BytesIO()
        picture.save(packed, format="JPEG", quality=quality, optimize=True, progressive=True)
        if packed.tell() <= LARGEST:
            return packed.getvalue()
    return _packed(picture.resize((picture.width // 2, picture.height // 2)))


def _put_photo(picture: Image.Image, file: Path) -> bool:
    """Put the event's own picture on the right; without one that can be read, say so."""
    try:
        with Image.open(file) as found:
            photo = ImageOps.fit(found.convert("RGB"), (WIDTH - PHOTO, HEIGHT))
    except (OSError, ValueError, SyntaxError):
        return False
    picture.paste(photo, (PHOTO, 0))
    return True


def _put_street(draw: ImageDraw.ImageDraw, ink: str, right: int) -> None:
    """Draw the row of houses that ends our pages, from the foot up to `right`."""
    wall = ImageColor.getrgb(ink)
    dark = tuple(band * 2 // 3 for band in wall[:3])
    x = right - sum(width for width, _ in HOUSES)
    for width, height in HOUSES:
        eaves = HEIGHT - height
        draw.rectangle((x, eaves, x + width, HEIGHT), fill=dark)
        draw.polygon([(x - 6, eaves), (x + width // 2, eaves - 26), (x + width + 6, eaves)], dark)
        for place in range(2):
            left = x + width // 4 + place * width // 3
            draw.rectangle((left, eaves + 16, left + 10, eaves + 30), fill=SUN)
        x += width


def _put_sheet(draw: ImageDraw.ImageDraw, asked: dict[str, Any]) -> None:
    """Draw the sheet of a wall calendar with month, day and weekday."""
    top, low = 120, 400
    box = (EDGE, top, EDGE + SHEET, low)
    draw.rounded_rectangle(box, radius=18, fill=PAPER)
    draw.rounded_rectangle((EDGE, top, EDGE + SHEET, top + 78), radius=18, fill=DARK)
    draw.rectangle((EDGE, top + 50, EDGE + SHEET, top + 78), fill=DARK)
    middle = EDGE + SHEET // 2
    for words, y, size, colour in (
        (asked["month"].upper(), top + 40, 44, PAPER),
        (asked["day"], top + 160, 128, DARK),
        (asked["weekday"], top + 246, 38, DARK),
    ):
        text, font = _readable(words, size)
        draw.text((middle, y), text, font=font, fill=colour, anchor="mm")


def _put_words(draw: ImageDraw.ImageDraw, asked: dict[str, Any], x: int, right: int) -> None:
    y, room = 118, right - x
    if asked["flag"]:
        y = _put_flag(draw, asked["flag"], x, y, room)
    lines, font, height = _fitted(draw, asked["title"], room, 420 - y)
    for line in lines:
        draw.text((x, y), line, font=font, fill=PAPER, anchor="la")
        if asked["off"]:
            across = y + height * 0.52
            draw.line((x, across, x + draw.textlength(line, font), across), PAPER, 4)
        y += height
    y = max(y + 22, 300)
    for words in asked["lines"]:
        text, small = _shortened(draw, words, 36, room)
        draw.text((x, y), text, font=small, fill=SUN, anchor="la")
        y += 52
    text, small = _shortened(draw, asked["host"], 34, right - EDGE - 340)
    draw.text((EDGE, HEIGHT - 40), text, font=small, fill=PAPER, anchor="ls")


def _put_flag(draw: ImageDraw.ImageDraw, words: str, x: int, y: int, room: int) -> int:
    """Draw what one must not miss on a strip of yellow; return where the title begins."""
    text, font = _shortened(draw, words.upper(), 54, room - 40)
    width = draw.textlength(text, font)
    draw.rectangle((x, y, x + width + 40, y + 78), fill=SUN)
    draw.text((x + 20, y + 40), text, font=font, fill=DARK, anchor="lm")
    return y + 104


def _fitted(
    draw: ImageDraw.ImageDraw, title: str, room: int, tall: int
) -> tuple[list[str], Font, int]:
    """Return a title in lines, as large as it fits; at the smallest the rest is left out."""
    for size in (84, 70, 58, 48):
        text, font = _readable(title, size)
        lines = _wrapped(draw, text, font, room)
        height = round(size * 1.16)
        if len(lines) * height <= tall:
            return lines, font, height
    kept = lines[: tall // height]
    kept[-1] = _cut(draw, f"{kept[-1]} …", font, room)
    return kept, font, height


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: Font, room: int) -> list[str]:
    """Return a text in lines that fit; a word that fits in none is broken."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font) <= room:
            lines[-1] = longer
            continue
        rest = word
        if lines[-1]:
            lines.append("")
        while draw.textlength(rest, font) > room and len(rest) > 1:
            fits = _longest(draw, rest, font, room)
            lines[-1:] = [rest[:fits], ""]
            rest = rest[fits:]
        lines[-1] = rest
    return [line for line in lines if line]


def _longest(draw: ImageDraw.ImageDraw, text: str, font: Font, room: int) -> int:
    """Return how many characters of a text fit, at least one."""
    fits = 1
    while fits < len(text) and draw.textlength(text[: fits + 1], font) <= room:
        fits += 1
    return fits


def _cut(draw: ImageDraw.ImageDraw, text: str, font: Font, room: int) -> str:
    while len(text) > 2 and draw.textlength(text, font) > room:
        text = f"{text[:-2].rstrip()}…"
    return text


def _shortened(draw: ImageDraw.ImageDraw, words: str, size: int, room: int) -> tuple[str, Font]:
    text, font = _readable(words, size)
    return _cut(draw, text, font, room), font


def _readable(text: str, size: int) -> tuple[str, Font]:
    """Return a text and the font that knows most of it, without what even that one does not."""
    text = "".join(
        sign for sign in text if sign in JOINERS or unicodedata.category(sign) not in HIDDEN
    )
    wanted = {sign for sign in text if not sign.isspace()}
    best, known = "", frozenset[str]()
    for name in _fonts():
        of_name = frozenset(sign for sign in wanted if _knows(name, sign))
        if not best or len(of_name) > len(known):
            best, known = name, of_name
        if len(known) == len(wanted):
            break
    signs = (sign if sign.isspace() or sign in known else _plain(best, sign) for sign in text)
    return " ".join("".join(signs).split()), _font(best, size)


def _plain(name: str, sign: str) -> str:
    """Return the letter without its marks, if the font knows that; else nothing."""
    letter = unicodedata.normalize("NFKD", sign)[:1]
    return letter if _knows(name, letter) else ""


@cache
def _knows(name: str, sign: str) -> bool:
    if sign in JOINERS or unicodedata.category(sign) in ("Mn", "Me"):
        return True  # not drawn alone
    font = _font(name, 40)
    return bytes(font.getmask(sign)) != bytes(font.getmask(_UNKNOWN))


@cache
def _fonts() -> tuple[str, ...]:
    """Return the files of fonts, the preferred first; last, as no name, the library's own."""
    found = list(_files())
    rank = {name: place for place, name in enumerate(PREFERRED)}
    found.sort(key=lambda file: (rank.get(Path(file).stem, len(rank)), file))
    return (*found[:MOST_FONTS], "")


def _files() -> Iterator[str]:
    for folder in FOLDERS:
        for where, _, names in os.walk(folder):
            for name in names:
                if name.lower().endswith((".ttf", ".otf", ".ttc")):
                    yield os.path.join(where, name)


@cache
def _font(name: str, size: int) -> Font:
    if name:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
