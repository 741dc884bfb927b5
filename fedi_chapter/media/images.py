"""Taking in a picture: judge it, have it re-encoded apart, store it under a random name.

Called by edges before their transaction; the row is written by the service. What no row
speaks of any more is deleted by the clock. No image is ever
decoded in this process: a decoder is the softest spot of a server.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fedi_chapter.core.errors import Busy, ChapterError, FormInvalid, TooLarge
from fedi_chapter.core.ids import Ids
from fedi_chapter.domain.media import EXTENSIONS, Media, MediaId

ENCODER = Path(__file__).with_name("encode.py")
"""A program, not a module: it runs alone, without our settings or environment."""
REFUSED = 3
"""What the encoder exits with when the bytes are no picture we take."""
UNWRITABLE = 4
"""What it exits with when the disk does not take the result."""
LARGEST = 20 << 20
"""Bytes of a picture before it is re-encoded."""
LONGEST_ALT = 1_500
"""Mastodon cuts there."""
PATIENCE = 30.0
"""Seconds until a picture that can't be decoded is given up."""
_FORMATS = "send a JPEG, PNG, WebP or GIF picture of at most 40 megapixels"
_OURS = re.compile(rf"\.?([0-9a-f-]{{36}})\.(?:part|{'|'.join(EXTENSIONS.values())})")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Encoded:
    media_type: str
    width: int
    height: int
    blurhash: str


def store(
    source: Path | bytes, alt: str, folder: Path, *, quota: int, ids: Ids, now: datetime
) -> Media:
    """Re-encode a picture into `folder`, which holds at most `quota` bytes; return what it is.

    Nothing of the original file survives but its pixels (security MED-01 to MED-03).
    Blocks for as long as the encoder works: call it beside the event loop.

    Raises:
        FormInvalid: no alt text, or not a picture we take.
        TooLarge: more than 20 MB, or the folder is full.
        Busy: the disk is full, or the folder can't be written.

    """
    words = alt_text(alt)
    data = source if isinstance(source, bytes) else _read(source)
    if len(data) > LARGEST:
        raise TooLarge("a picture has at most 20 MB", cure="make it smaller")
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        _check_room(folder, quota)
        return _stored(data, words, folder, MediaId(ids.new(now)))
    except OSError as error:
        raise _unwritable(str(error.strerror)) from error


def _stored(data: bytes, words: str, folder: Path, name: MediaId) -> Media:
    waiting = folder / f".{name}.part"
    try:
        made = _encode(data, waiting)
        media = Media(
            id=name,
            media_type=made.media_type,
            width=made.width,
            height=made.height,
            size=waiting.stat().st_size,
            alt=words,
            blurhash=made.blurhash,
        )
        waiting.replace(folder / media.file_name)
    finally:
        waiting.unlink(missing_ok=True)
    return media


def _unwritable(why: str) -> Busy:
    return Busy(
        f"the picture can't be stored: {why}",
        cure="free space on the disk, and let this program's user write the media folder",
    )


def tidy(folder: Path, kept: Collection[str], before: datetime) -> int:
    """Delete pictures whose ids are not `kept`, and halves of some; return how many files.

    Only what lay there `before` an instant: the row of a new picture is written after the file.
    """
    gone = 0
    for file, state in _files(folder) if folder.is_dir() else ():
        ours = _OURS.fullmatch(file.name)
        if ours and ours[1] not in kept and state.st_mtime < before.timestamp():
            file.unlink(missing_ok=True)
            gone += 1
    return gone


def alt_text(text: str) -> str:
    """Return the words for those who don't see the picture.

    Raises:
        FormInvalid: there are none, or too many.

    """
    words = _CONTROLS.sub(" ", text).strip()
    if not words:
        raise FormInvalid(
            "the picture has no alt text",
            cure="say in a sentence what it shows, for people who don't see it (--alt TEXT)",
        )
    if len(words) > LONGEST_ALT:
        raise FormInvalid(
            f"the alt text has {len(words)} characters", cure=f"shorten it to {LONGEST_ALT}"
        )
    return words


def _check_room(folder: Path, quota: int) -> None:
    taken = sum(state.st_size for _, state in _files(folder))
    if taken >= quota:
        raise TooLarge(
            f"the media folder holds {taken >> 20} MB, as much as it may",
            cure="raise the setting MEDIA_QUOTA_MB",
        )


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Look at every file; one that vanishes meanwhile was another program's to take away."""
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield file, file.stat()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise FormInvalid(
            f"the picture {path} can't be read: {error.strerror}", cure="check the file's name"
        ) from error


def _encode(data: bytes, target: Path) -> _Encoded:
    try:
        done = subprocess.run(  # noqa: S603 — our own interpreter, our own program
            [sys.executable, "-I", str(ENCODER), str(target)],
            input=data,
            capture_output=True,
            timeout=PATIENCE,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FormInvalid("this picture takes too long to read", cure=_FORMATS) from error
    if done.returncode == REFUSED or done.returncode < 0:  # it said no, or a limit ended it
        raise FormInvalid("this is not a picture we can read", cure=_FORMATS)
    if done.returncode == UNWRITABLE:
        raise _unwritable(done.stderr.decode("utf-8", "replace"))
    if done.returncode != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise ChapterError(f"the picture encoder failed: {complaint}")
    return _Encoded(**json.loads(done.stdout))
