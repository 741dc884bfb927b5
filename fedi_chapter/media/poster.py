"""A small poster for sample data: sun, hills and people, drawn by arithmetic.

Run as `python -I poster.py TARGET`, so that a server never loads the drawing
library; nobody imports it.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1200, 630
_SKY_TOP, _SKY_LOW = (253, 230, 190), (247, 168, 120)
_HILLS = ((86, 128, 92), (58, 102, 78), (34, 74, 62))
_PEOPLE = ((196, 74, 60), (240, 196, 90), (66, 110, 160), (250, 244, 230), (140, 84, 130))


def main(target: Path) -> None:
    """Draw the poster into `target` as a PNG."""
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(picture)
    for row in range(HEIGHT):
        part = row / HEIGHT
        colour = tuple(
            round(top + (low - top) * part) for top, low in zip(_SKY_TOP, _SKY_LOW, strict=True)
        )
        draw.line([(0, row), (WIDTH, row)], fill=colour)
    draw.ellipse([780, 110, 1000, 330], fill=(255, 244, 214))
    for place, colour in enumerate(_HILLS):
        left = -300 + place * 260
        top = 300 + place * 70
        draw.ellipse([left, top, left + 1300, top + 900], fill=colour)
        draw.ellipse([left + 700, top + 30, left + 2000, top + 900], fill=colour)
    for place in range(9):
        _person(draw, 210 + place * 95, 520 + (place % 2) * 14, _PEOPLE[place % len(_PEOPLE)])
    picture.save(target, format="PNG")


def _person(draw: ImageDraw.ImageDraw, x: int, y: int, colour: tuple[int, int, int]) -> None:
    draw.rounded_rectangle([x - 30, y, x + 30, y + 140], radius=28, fill=colour)
    draw.ellipse([x - 20, y - 46, x + 20, y - 6], fill=(92, 62, 48))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
