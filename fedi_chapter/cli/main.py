"""The command `fedi-chapter`: the list of all commands, and the way in.

Called by the installed script and by `python -m fedi_chapter`. What a command does stands in
the file of its noun.
"""

import sys

import click

from fedi_chapter import __version__
from fedi_chapter.cli.attend import attend, attending
from fedi_chapter.cli.boost import boost, unboost
from fedi_chapter.cli.demo import demo
from fedi_chapter.cli.doctor import doctor
from fedi_chapter.cli.event import event
from fedi_chapter.cli.follow import follow, followers, following, unfollow
from fedi_chapter.cli.frame import Root, Setup
from fedi_chapter.cli.init import init
from fedi_chapter.cli.key import key
from fedi_chapter.cli.migrate import migrate
from fedi_chapter.cli.moderation import allow, block, blocks, replies, unblock
from fedi_chapter.cli.organizer import organizer
from fedi_chapter.cli.post import post
from fedi_chapter.cli.profile import profile
from fedi_chapter.cli.queue import queue
from fedi_chapter.cli.sample import sample
from fedi_chapter.cli.series import series
from fedi_chapter.cli.serve import run, web, worker

CODES = "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 data or settings unusable."


@click.group(cls=Root, epilog=CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fedi-chapter")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A federated server for a local chapter: events and posts anyone can follow."""
    ctx.ensure_object(Setup)


for command in (
    init,
    run,
    web,
    worker,
    migrate,
    post,
    event,
    series,
    follow,
    unfollow,
    followers,
    following,
    boost,
    unboost,
    queue,
    block,
    unblock,
    blocks,
    allow,
    replies,
    organizer,
    key,
    profile,
    doctor,
    demo,
    sample,
):
    cli.add_command(command)

for command in (attend, attending):
    event.add_command(command)


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        code = cli.main(prog_name="fedi-chapter", standalone_mode=False)
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
