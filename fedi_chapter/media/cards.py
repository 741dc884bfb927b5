"""Pictures for previews of links to events: drawn when first asked for, then kept.

Called by `web.public.cards`. What a card shows is its name, so a changed event has another one;
drawing is the work of a program of its own (`media.card`), one at a time, beside the event loop.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from fedi_chapter.core.errors import Busy, ChapterError

PROGRAM = Path(__file__).with_name("card.py")
WIDTH, HEIGHT = 1200, 630
PATIENCE = 60.0
"""Seconds until a drawing is given up."""
MOST_WAITING = 16
"""Askers for cards that are not drawn yet; whoever comes on top is asked to come again."""
MOST_KEPT = 300
"""Cards in the folder, each of 100 KB at most."""


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows, in words that are ready."""

    title: str
    lines: tuple[str, ...]
    """When and where."""
    month: str
    day: str
    weekday: str
    host: str
    ink: str
    """The colour of its ground."""
    flag: str = ""
    """What must not be missed, such as that it is cancelled."""
    off: bool = False
    """Whether the title is struck through."""
    picture: str = ""
    """The file name of the event's own picture."""

    @property
    def name(self) -> str:
        """What stands for all that it shows."""
        shown = json.dumps(asdict(self), sort_keys=True)
        return hashlib.blake2b(shown.encode(), digest_size=12).hexdigest()


class Cards:
    """Draws cards one after the other, and each of them once."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def file(self, card: Card, folder: Path, pictures: Path) -> Path:
        """Return the file of a card in `folder`; its picture is looked for in `pictures`.

        Raises:
            Busy: too many wait already, or the folder can't be written.

        """
        file = folder / f"{card.name}.jpg"
        if await asyncio.to_thread(file.is_file):
            return file
        if self._waiting >= MOST_WAITING:
            raise Busy("too many pictures for previews are waiting to be drawn")
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.to_thread(_draw, card, file, pictures)
        finally:
            self._waiting -= 1
        return file


def _draw(card: Card, file: Path, pictures: Path) -> None:
    """Draw a card, unless another process just did, and let the oldest make room."""
    if file.is_file():
        return
    picture = str((pictures / card.picture).absolute()) if card.picture else ""
    waiting = file.with_name(f".{card.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        _make_room(file.parent)
        _run(json.dumps({**asdict(card), "picture": picture}), waiting)
        waiting.replace(file)
    except OSError as error:
        raise Busy(
            f"the picture for previews can't be stored: {error.strerror}",
            cure="free space on the disk, and let this program's user write the data folder",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            waiting.unlink(missing_ok=True)


def _make_room(folder: Path) -> None:
    """Let the oldest cards go, and what an interrupted process left half done, which is older."""
    kept = []
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process made room as well
            kept.append((file.stat().st_mtime, file))
    for _, file in sorted(kept)[: max(0, len(kept) - MOST_KEPT + 1)]:
        file.unlink(missing_ok=True)


def _run(asked: str, target: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603 — our own interpreter, our own program
            [sys.executable, "-I", str(PROGRAM), str(target.absolute())],
            input=asked.encode(),
            capture_output=True,
            timeout=PATIENCE,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Busy("a picture for previews took too long to draw") from error
    complaint = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if done.returncode == os.EX_IOERR:
        raise OSError(done.returncode, complaint)
    if done.returncode != 0 or not target.is_file():
        raise ChapterError(f"drawing a picture for previews failed: {complaint}")
