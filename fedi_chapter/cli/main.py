"""The command `fedi-chapter`: the list of all commands, and the way in.

Called by the installed script and by `python -m fedi_chapter`. What a command does stands in
the file of its noun, and only that file is loaded: most commands need no server, and what a
server needs takes as long to load as everything else together.
"""

import sys
from collections import UserDict
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from fedi_chapter import __version__
from fedi_chapter.cli.frame import Root, Setup, note
from fedi_chapter.core.loading import without_collector

CODES = "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 data or settings unusable."
FILES = {
    "init": "init",
    "run": "serve",
    "web": "serve",
    "worker": "serve",
    "migrate": "migrate",
    "post": "post",
    "event": "event",
    "series": "series",
    "follow": "follow",
    "unfollow": "follow",
    "followers": "follow",
    "following": "follow",
    "boost": "boost",
    "unboost": "boost",
    "queue": "queue",
    "block": "moderation",
    "unblock": "moderation",
    "blocks": "moderation",
    "allow": "moderation",
    "replies": "moderation",
    "organizer": "organizer",
    "key": "key",
    "profile": "profile",
    "doctor": "doctor",
    "demo": "demo",
    "sample": "sample",
}
"""The commands, each with the file of this room it stands in."""


class _Commands(UserDict[str, Any]):
    """The commands by their names: each is loaded when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        module = f"{__package__}.{super().__getitem__(name)}"
        if module not in sys.modules:
            with without_collector():
                import_module(module)
        return getattr(sys.modules[module], name)


@click.group(
    cls=Root,
    commands=_Commands(FILES),
    epilog=CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="fedi-chapter")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A federated server for a local chapter: events and posts anyone can follow."""
    ctx.ensure_object(Setup)


def main() -> int:
    """Run the command line; return its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # not every terminal has every letter
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(prog_name="fedi-chapter", standalone_mode=False)
    except click.Abort:
        note("Stopped.")
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
