"""What every command has in common: --data, --json, opening the chapter, answering, refusing.

Used by the files of this room. A command parses its words, opens the chapter with `ask` or
`Setup.settings`, calls a service or the federation, and answers with `Setup.tell`.
"""

import asyncio
import json
import os
import shutil
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from fedi_chapter.core import log
from fedi_chapter.core.errors import (
    ChapterError,
    DatabaseUnusable,
    OperatorError,
    RemoteFailure,
    SchemaBehind,
    UnsafeAddress,
)
from fedi_chapter.core.text import visible
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.opening import open_deps
from fedi_chapter.settings import Settings, load
from fedi_chapter.store import local_actors, migrate
from fedi_chapter.store.tx import ReadTx

T = TypeVar("T")

DANGER = (
    "WARNING: DANGER_ALLOW_PRIVATE_NETWORK is on: http and private addresses are permitted, "
    "in and out. Never run a public chapter like this."
)


@dataclass
class Setup:
    """The options every command takes, wherever on the line they stood."""

    data: Path | None = None
    json: bool = False
    debug: bool = False

    def settings(self) -> Settings:
        """Read the settings and start the log.

        Raises:
            SettingsInvalid: a setting is unknown or unreadable.

        """
        settings = load(self.data)
        self.debug = settings.log_level == "debug"
        log.configure(settings.log_level, settings.log_format)
        return settings

    def tell(self, document: object, *lines: str) -> None:
        """Answer on standard output: `document` with --json, otherwise `lines`."""
        if self.json:
            lines = (_as_json(document),)
        elif not lines:
            note("there is nothing to list yet")
        try:
            for line in lines:
                click.echo(line if self.json else visible(line))
        except OSError as error:
            _let_go(sys.stdout)
            if not isinstance(error, BrokenPipeError):
                raise Refusal(_unwritten(error)) from error


pass_setup = click.make_pass_decorator(Setup, ensure=True)


def own_name() -> str:
    """Return how this program is called from here: its name, or the way to it."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{Path(sys.executable).name} -m fedi_chapter"
    found = shutil.which(program.name)
    if found and Path(found).resolve() == program.resolve():
        return program.name
    return os.path.relpath(program)


def note(line: str) -> None:
    """Say something beside the answer: progress, a warning. Nobody has to listen."""
    try:
        click.echo(visible(line), err=True)
    except OSError:
        _let_go(sys.stderr)


def _let_go(stream: TextIO) -> None:
    """Send what is left nowhere: whoever read it, such as `head`, has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def ask(setup: Setup, work: Callable[[Deps], Awaitable[T]]) -> T:
    """Open the chapter, run `work` over it, close it again, and return what `work` returned.

    Raises:
        OperatorError: there is no chapter here, or its schema is not this program's.

    """
    settings = setup.settings()
    check_schema(settings)

    async def opened() -> T:
        async with open_deps(settings) as deps:
            return await work(deps)

    return asyncio.run(opened())


def check_schema(settings: Settings) -> None:
    """Make sure that there is a chapter in the database, in the form this program knows.

    Raises:
        DatabaseUnusable: there is none.
        SchemaBehind: it has another form.

    """
    current, head = schema_of(settings), migrate.head()
    migrate.refuse_newer(current)
    if current != head:
        raise SchemaBehind(
            f"the database has schema {current}, this program needs {head}",
            cure="run: fedi-chapter migrate",
        )


def schema_of(settings: Settings) -> str:
    """Return the version of the database's schema.

    Raises:
        DatabaseUnusable: there is none.

    """
    current = migrate.current(settings.database)
    if current is None:
        raise no_chapter(settings)
    return current


def no_chapter(settings: Settings) -> DatabaseUnusable:
    """Return the error of a database without a chapter; its cure names the likely cause first."""
    folder = settings.data.absolute()
    if settings.secret_file.exists():
        where = "the database of DATABASE_URL" if settings.database_url else "a database beside it"
        return DatabaseUnusable(
            f"{folder} has a chapter's secret.key, but there is no chapter in {where}",
            cure="set FEDI_CHAPTER_DATABASE_URL as it was for `init`, or put the database back "
            "from a backup; for a new chapter take an empty --data folder",
        )
    cure = (
        "check the name of the folder; to make a chapter there: fedi-chapter init"
        if settings.data.exists()
        else "name the chapter's folder with --data or FEDI_CHAPTER_DATA; "
        "to make a new chapter: fedi-chapter init"
    )
    return DatabaseUnusable(f"there is no chapter in {folder}", cure=cure)


def chapter_of(tx: ReadTx) -> LocalActor:
    """Return the chapter in whose name commands act.

    Raises:
        DatabaseUnusable: there is none.

    """
    actor = local_actors.chapter(tx)
    if actor is None:
        raise DatabaseUnusable("there is no chapter here", cure="make one: fedi-chapter init")
    return actor


class Refusal(click.ClickException):
    """A refused command as click shows it: reason and cure on standard error."""

    exit_code = 1

    def __init__(self, error: ChapterError) -> None:
        super().__init__(error.message)
        self.cure = error.cure or _usual_cure(error)

    def show(self, file: Any = None) -> None:
        """Print reason and cure."""
        note(f"Error: {self.message}")
        if self.cure:
            note(f"  Cure: {self.cure}")


class Unusable(Refusal):
    """Data or settings can't be used: the whole program is refused, not this command."""

    exit_code = 3


class Verb(click.Command):
    """A command that also takes --data and --json."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_common())


class Noun(click.Group):
    """A group of commands that also takes --data and --json."""

    command_class = Verb

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_common())


class Root(Noun):
    """The whole command line: nothing that goes wrong below it shows a traceback."""

    group_class = Noun

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn errors into reason, cure and exit code."""
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            raise Unusable(error) from error
        except ChapterError as error:
            raise Refusal(error) from error
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            if ctx.ensure_object(Setup).debug:
                for line in traceback.format_exc().splitlines():
                    note(line)
            raise Refusal(_bug(error)) from error


def _usual_cure(error: ChapterError) -> str | None:
    """Return what mends an error of the network, which can't know why it was used."""
    if isinstance(error, UnsafeAddress):
        return "give the whole address of something on another server"
    return "check the address, or try again later" if isinstance(error, RemoteFailure) else None


def _as_json(document: object) -> str:
    """Return a JSON document in which nothing can act on a terminal that shows it."""
    text = json.dumps(document, ensure_ascii=not _shows_all(), indent=2)
    if text.isascii() and "\x7f" not in text:
        return text
    acting = {each for each in text if each != "\n" and visible(each) != each}
    return text.translate({ord(each): f"\\u{ord(each):04x}" for each in acting})


def _shows_all() -> bool:
    """Whether standard output can show any character there is."""
    return (sys.stdout.encoding or "").lower().startswith("utf")


def _unwritten(error: OSError) -> ChapterError:
    return ChapterError(
        f"it is done, but the answer could not be written: {error.strerror}",
        cure="give its output another place to go",
    )


def _bug(error: Exception) -> ChapterError:
    first = (str(error).splitlines() or [""])[0]
    return ChapterError(
        f"{type(error).__name__}: {first}",
        cure="this is a bug: please report it, with the output under FEDI_CHAPTER_LOG_LEVEL=debug",
    )


def _common() -> list[click.Parameter]:
    return [
        click.Option(
            ["--data"],
            type=click.Path(path_type=Path, file_okay=False),
            help="Data folder (default: $FEDI_CHAPTER_DATA, else ./data).",
            expose_value=False,
            callback=_keep_data,
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            help="Answer with one JSON document on standard output.",
            expose_value=False,
            callback=_keep_json,
        ),
    ]


def _keep_data(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Setup).data = value


def _keep_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Setup).json = True
