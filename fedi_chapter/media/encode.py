"""The encoder: a program of its own that turns strange bytes into a clean picture.

Started by `media.images` as `python -I encode.py TARGET`, the picture on
standard input; says what it made as JSON on standard output. It limits its own memory and
time before it looks at the first byte. Nobody imports it.
"""

import contextlib
import io
import json
import resource
import sys
import warnings
from pathlib import Path

import blurhash
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 1_600
MEMORY = 1 << 30
"""Bytes of address space; a picture of 40 megapixels needs half of it."""
SECONDS = 20
LARGEST_FILE = 32 << 20
REFUSED = 3
"""Exit code for what is not a picture."""
UNWRITABLE = 4
"""Exit code for a disk that does not take the result; anything else is a fault of this program."""
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError)
BLUR = (32, 32)


def main(target: Path) -> None:
    """Read a picture from standard input and write it, clean, to `target`."""
    _limit()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        clean = _clean(sys.stdin.buffer.read())
    except (*UNREADABLE, Image.DecompressionBombWarning, Image.DecompressionBombError):
        sys.exit(REFUSED)
    try:
        media_type = _save(clean, target)
    except OSError as error:
        if error.errno is None:  # the encoder's own way to fail
            raise
        sys.stderr.write(str(error.strerror))
        sys.exit(UNWRITABLE)
    made = {
        "media_type": media_type,
        "width": clean.width,
        "height": clean.height,
        "blurhash": _blur(clean),
    }
    sys.stdout.write(json.dumps(made))


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        # A system may allow less than we would; then that is the limit.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _clean(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        profile = picture.info.get("icc_profile")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    pixels = _in_srgb(upright, profile, mode)
    # A fresh canvas: pixels are all that crosses over, no comment, profile or thumbnail.
    canvas = Image.new(mode, pixels.size)
    canvas.paste(pixels)
    return canvas


def _in_srgb(picture: Image.Image, profile: bytes | None, mode: str) -> Image.Image:
    if profile and picture.mode == "RGB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None  # a broken profile says nothing about colours
        if converted is not None:
            return converted
    return picture.convert(mode)


def _blur(picture: Image.Image) -> str:
    small = picture.convert("RGB").resize(BLUR)
    data = small.tobytes()
    rows = [
        [list(data[3 * (x + y * BLUR[0]) :][:3]) for x in range(BLUR[0])] for y in range(BLUR[1])
    ]
    return str(blurhash.encode(rows, components_x=4, components_y=3))


def _save(picture: Image.Image, target: Path) -> str:
    if picture.mode == "RGBA":
        picture.save(target, format="WEBP", quality=85)
        return "image/webp"
    picture.save(target, format="JPEG", quality=85, optimize=True, progressive=True)
    return "image/jpeg"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
