"""What commands are told in words: ids, visibility, pictures, text from standard input.

Used by the commands for posts, events and the profile.
"""

import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import click

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.deps import Deps
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.media import images

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

visibility_option = click.option(
    "--visibility",
    type=click.Choice([str(each) for each in Visibility]),
    help="Who sees it: everyone, those with the address, followers, or only visitors of this site.",
)
language_option = click.option("--language", help="Language of the text, such as en or pt-BR.")


def image_options(function: Any) -> Any:
    """Add --image and --alt, which come in pairs."""
    function = click.option(
        "--alt", "alts", multiple=True, help="What the picture shows, one for every --image."
    )(function)
    return click.option(
        "--image", "files", multiple=True, type=click.Path(path_type=Path), help="A picture."
    )(function)


def own_id(text: str, urls: Urls, kind: Literal["event", "post"]) -> str:
    """Return the bare id behind an ActivityPub id, a page's address, or a bare id.

    Raises:
        FormInvalid: it is none of these.

    """
    word = text.strip()
    if _UUID.fullmatch(word):
        return word.lower()
    named = urls.own_object(word.removesuffix(".ics"))
    if named is not None and (named.kind == kind or (kind, named.kind) == ("event", "face")):
        return named.id
    raise FormInvalid(f"{text!r} is not one of our {kind}s", cure=f"take an id from `{kind} list`")


def visibility_of(word: str | None) -> Visibility | None:
    """Return the visibility called `word`, if any is given."""
    return Visibility(word) if word else None


def text_from(word: str | None) -> str | None:
    """Return the text given; `-` means standard input.

    Raises:
        FormInvalid: standard input is not UTF-8.

    """
    if word != "-":
        return word
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormInvalid("standard input is not UTF-8 text", cure="convert it") from error


def check_pairs(files: tuple[Path, ...], alts: tuple[str, ...]) -> None:
    """Refuse a picture without words, or words without a picture.

    Raises:
        FormInvalid: there are not as many alt texts as pictures.

    """
    if len(files) == len(alts):
        return
    raise FormInvalid(
        f"pictures given: {len(files)}, alt texts given: {len(alts)}",
        cure="say with --alt TEXT what each picture shows, for people who don't see it",
    )


def check_something(words: Mapping[str, Any], but: Collection[str] = ()) -> None:
    """Refuse an edit that names nothing to change.

    Raises:
        FormInvalid: every option was left out.

    """
    if all(word in (None, ()) for name, word in words.items() if name not in but):
        raise FormInvalid("there is nothing to change", cure="name what is to be changed: see -h")


def take_images(
    deps: Deps, files: tuple[Path, ...], alts: tuple[str, ...]
) -> tuple[Media, ...] | None:
    """Store the pictures given with their alt texts; None if there are none.

    Raises:
        FormInvalid, TooLarge: as `media.images.store` says.

    """
    check_pairs(files, alts)
    for alt in alts:
        images.alt_text(alt)
    if not files:
        return None
    folder, now = deps.settings.media_dir, deps.clock.now()
    return tuple(
        images.store(file, alt, folder, quota=deps.settings.media_quota, ids=deps.ids, now=now)
        for file, alt in zip(files, alts, strict=True)
    )
