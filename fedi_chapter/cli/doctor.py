"""`doctor`: check what can be wrong, and name cause and cure."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from fedi_chapter.cli.checks_here import check_data, check_settings
from fedi_chapter.cli.checks_outside import check_outside
from fedi_chapter.cli.finding import Finding
from fedi_chapter.cli.frame import Setup, Verb, check_schema, note, pass_setup
from fedi_chapter.core.errors import ChapterError
from fedi_chapter.opening import open_deps
from fedi_chapter.settings import Settings


@click.command(cls=Verb)
@click.pass_context
@pass_setup
def doctor(setup: Setup, ctx: click.Context) -> None:
    """Check all that can be wrong; name the cure."""
    findings = _examine(setup)
    setup.tell(
        [asdict(each) for each in findings], *(line for each in findings for line in _lines(each))
    )
    failed = sum(not each.ok for each in findings)
    if failed:
        note(f"{failed} of {len(findings)} checks failed")
        ctx.exit(1)


def _examine(setup: Setup) -> list[Finding]:
    settings, found = check_settings(setup)
    if settings is None:
        return [found]
    try:
        check_schema(settings)
    except ChapterError as error:
        return [found, Finding.bad("schema", error.message, error.cure)]
    return [found, Finding.good("schema"), *_opened(settings)]


def _opened(settings: Settings) -> Sequence[Finding]:
    async def work() -> list[Finding]:
        async with open_deps(settings) as deps:
            note("looking at the data …")
            here = await check_data(deps)
            note(f"looking at {deps.urls.base} as another server would …")
            return [*here, *await check_outside(deps)]

    try:
        return asyncio.run(work())
    except ChapterError as error:
        return [Finding.bad("opening", error.message, error.cure)]


def _lines(found: Finding) -> Iterator[str]:
    mark = "ok  " if found.ok else "FAIL"
    told = f"{mark}  {found.check}"
    if found.cause:
        told += f": {found.cause}"
    yield told
    if found.cure and not found.ok:
        yield f"      cure: {found.cure}"
