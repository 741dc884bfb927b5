"""Writes the reference pages beside it from the program itself, so that they can't go stale.

Run by hand after a change of commands, settings, errors or addresses:
`.venv/bin/python docs/reference/generate.py`. A house test compares the pages with what this
file makes of the program. Explanations that need more than a line belong in the other guides.
"""

import ast
import inspect
import textwrap
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import click
from starlette.routing import Route

from fedi_chapter import settings as settings_module
from fedi_chapter.cli.main import cli
from fedi_chapter.core import errors as errors_module
from fedi_chapter.core.errors import ChapterError, OperatorError
from fedi_chapter.settings import PREFIX, Settings
from fedi_chapter.web.routes import routes

FOLDER = Path(__file__).parent
MADE = "<!-- Made by docs/reference/generate.py; change the program, not this page. -->\n"

_EVENT = "`id`, `url`, `face`, `ics`, `name`, `start`, `end`, `timezone`, `status` and more"
_SERIES = (
    "`id`, `url`, `ics`, `name`, `rule`, `words`, `timezone`, `begins`, `skipped` and `dates`, "
    "each with `start`, `event`, `status`"
)
_ATTENDANCE = (
    "`id`, `url`, `name`, `start`, `cancelled`, `status`, `state`, `sent`, `sign_up_url`, "
    "`said_at`, `answered_at`; "
    "`state` is `asked`, `confirmed`, `refused`, `no-rsvps` or `withdrawn`"
)
_POST = "`id`, `url`, `title`, `visibility`, `published`, `images` and more"
_FOLLOWING = "`actor`, `handle`, `state`, `since`"
_REPLY = "`id`, `actor`, `in_reply_to`, `state`, `published`, `text`"
JSON: Mapping[str, str] = {
    "init": "`actor`, `handle`, `base_url`, `sign_in_url`",
    "run": "nothing: it serves until it is stopped",
    "web": "nothing: it serves until it is stopped",
    "worker": "nothing: it works until it is stopped",
    "migrate": "`from`, `to`",
    "post create": _POST,
    "post edit": _POST,
    "post delete": "`id`, `deleted`",
    "post list": f"a list of {_POST}",
    "event create": _EVENT,
    "event edit": _EVENT,
    "event publish": _EVENT,
    "event cancel": _EVENT,
    "event duplicate": _EVENT,
    "event postpone": _EVENT,
    "event reopen": _EVENT,
    "event delete": "`id`, `deleted`",
    "event list": f"a list of {_EVENT}",
    "event show": _EVENT,
    "event rsvps": "a list of `id`, `actor`, `handle`, `name`, `status`, `guests`, `route`, `at`, "
    "`email`, `note`, `checked_in_at`; `actor` and `handle` only of accounts",
    "event rsvp": "`id`, `name`, `status`, `guests`",
    "event mail": "`id`, `email`",
    "event approve": "`id`, `status`",
    "event decline": "`id`, `status`",
    "event message": "`id`, `concerned`, and `told`, a list of `route`, `state`, `number`",
    "event export": "`file`, `people`",
    "event attend": _ATTENDANCE,
    "event attending": f"a list of {_ATTENDANCE}",
    "series list": f"a list of {_SERIES}",
    "series show": _SERIES,
    "series skip": _SERIES,
    "follow": f"{_FOLLOWING}; `state` is `pending`, `accepted` or `rejected`",
    "unfollow": "`actor`, `following`",
    "followers": "a list of `actor`, `handle`, `state`, `since`",
    "following": f"a list of {_FOLLOWING}",
    "boost": "`id`, `object`",
    "unboost": "`id`, `object`",
    "organizer invite": "`name`, `role`, `url`; the `url` works once",
    "organizer list": "a list of `name`, `role`, `since`",
    "organizer remove": "`name`, `removed`",
    "queue status": "`waiting`, `in_flight`, `failed`, `resting_hosts`, `oldest_seconds`, "
    "`parked_inbox`, `parked_outbox`, `failed_notices`, `lost_notices`",
    "queue list": "a list of `activity`, `inbox`, `host`, `state`, `attempts`, `due`, `status`, "
    "`error`; of jobs set aside of `queue`, `job`, `host`, `state`, `attempts`, `error`, `since`, "
    "`lost`",
    "queue retry": "`requeued`, `unparked`",
    "block": "`target`, `kind`, `since`",
    "unblock": "`target`, `blocked`",
    "blocks": "a list of `target`, `kind`, `since`",
    "allow": "`host`, `allowed`",
    "replies list": f"a list of {_REPLY}",
    "replies show": _REPLY,
    "replies hide": _REPLY,
    "key rotate": "`key`",
    "profile edit": "`actor`, `handle`, `name`",
    "doctor": "a list of `check`, `ok`, `cause`, `cure`",
    "demo": "nothing: it tells its story until it is stopped",
    "sample": "`base_url`, `filled`",
}
"""What each command answers with --json; one without a line here stops the generator."""

OPTION_NOTES: Mapping[str, str] = {"limit": "How many at most."}
"""Options without a help text of their own."""

SETTING_NOTES: Mapping[str, str] = {
    "data": "Only from the environment, or `--data` on the command line.",
    "database_url": "Such as `postgresql+asyncpg://user:secret@host/name`.",
    "base_url": "Once somebody follows the chapter it can't be changed any more.",
    "replies": "`replies list` shows the held ones.",
    "federation": "`allow` lets a host through.",
    "log_format": "How the log is written: for people, or one JSON document a line.",
    "log_level": "How much is logged; `debug` also shows tracebacks of commands.",
    "smtp_url": "`smtp[s]://user:password@host:port?from=events@example.org`.",
    "media_quota_mb": "When it is full, no more pictures are taken.",
    "source_url": "Whoever changed the program owes it to the visitors (AGPL-3.0, section 13).",
    "attendee_days": "0 forgets them as soon as it is over. How many came stays.",
    "danger_allow_private_network": "Every start warns while it is on.",
}
"""What the one line in the program can't say, above all what a setting does not do yet."""

ADDRESS_NOTES: Mapping[str, str] = {
    "/chapter/outbox": "What the chapter published, newest first, in pages.",
    "/chapter/followers": "How many follow; names only groups, organizations and servers.",
    "/chapter/following": "Whom the chapter follows, in pages.",
    "/chapter/featured": "The pinned things: the next three events.",
    "/chapter/upcoming": "All public events that are not over (FEP-8a8e).",
    "/events/{id:uuid}/attendees": "How many said they come; nobody is named.",
    "/events/{id:uuid}/organizers": "Who holds the event.",
    "/events/{id:uuid}/replies": "Public replies to the event and to its face, in pages.",
    "/posts/{id:uuid}/replies": "Public replies to the post, in pages.",
    "/places/{id:uuid}": "A place; one that changes gets a new address.",
    "/quotes/{id:uuid}": "The consent to one quote (FEP-044f).",
    "/activities/{id:uuid}": "An activity of ours that was sent to the public.",
}
"""Addresses whose function has no sentence of its own."""


# -- commands --------------------------------------------------------------------------------


def verbs(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, with its whole name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from verbs(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def commands_page() -> str:
    """Return the page of all commands."""
    intro = """\
        # Commands

        Every command takes `--data DIR`, the data folder (default: `$FEDI_CHAPTER_DATA`, else
        `./data`), and `--json`: then the answer is one JSON document on standard output.
        Progress, warnings and logs go to standard error. Both may stand anywhere on the line.

        Commands work while the server runs on the same data. What they publish goes out within
        a second.

        | exit code | means |
        |---|---|
        | 0 | done |
        | 1 | refused, or a check failed; reason and cure are on standard error |
        | 2 | wrong usage |
        | 3 | data or settings can't be used |
        """
    return _page(intro, *(_command(name, command) for name, command in verbs()))


def _command(name: str, command: click.Command) -> str:
    own = [each for each in command.params if each.name not in {"data", "json"}]
    arguments = [each for each in own if isinstance(each, click.Argument)]
    usage = " ".join(["fedi-chapter", name, *(_metavar(each) for each in arguments)])
    options = [each for each in own if isinstance(each, click.Option)]
    words = " ".join((command.help or "").split())
    told = [f"## {name}", words, f"    {usage}{' [OPTIONS]' if options else ''}"]
    if options:
        told.append("\n".join(["| option | means |", "|---|---|", *map(_option, options)]))
    told.append(f"`--json` gives {_noted(JSON, name, 'command')}.")
    return "\n\n".join(told)


def _metavar(argument: click.Argument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    return name if argument.required else f"[{name.strip('[]')}]"


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if isinstance(option.type, click.Choice):
        names += " " + "\\|".join(f"`{choice}`" for choice in option.type.choices)
    elif not option.is_flag:
        names += f" {option.type.name.upper().removesuffix(' RANGE')}"
    words = [option.help or _noted(OPTION_NOTES, str(option.name), "option")]
    if option.required:
        words.append("Required.")
    if option.multiple and "repeated" not in words[0]:
        words.append("May be repeated.")
    if option.show_default:
        words.append(f"Default: `{option.default}`.")
    return f"| {names} | {' '.join(words)} |"


# -- settings --------------------------------------------------------------------------------


def settings_page() -> str:
    """Return the page of all settings."""
    intro = f"""\
        # Settings

        Each setting is an environment variable, `{PREFIX}` and its name, or a line
        `name = …` in `{settings_module.FILE_NAME}` in the data folder. The environment wins. A
        setting that is unknown or can't be read stops the start with exit code 3 and names the
        cure.

        Lists are written with spaces or commas between their parts.
        """
    told = _docstrings(inspect.getsource(settings_module), "Settings")
    rows = ["| setting | means | values | default |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        first = told.get(name) or _noted(SETTING_NOTES, name, "setting")
        note = SETTING_NOTES.get(name, "") if name in told else ""
        words = f"{first} {note}".strip()
        values = _values(field.annotation)
        rows.append(f"| `{name.upper()}` | {words} | {values} | {_default(field.default)} |")
    example = """\
        ## An example

        ```toml
        # data/chapter.toml
        federation = "hold"
        trusted_proxies = "127.0.0.1 ::1"
        log_format = "json"
        ```
        """
    return _page(intro, "\n".join(rows), example)


def _docstrings(source: str, class_name: str) -> dict[str, str]:
    """Return the sentence below each attribute of a class."""
    found: dict[str, str] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef) or node.name != class_name:
            continue
        for before, after in zip(node.body, node.body[1:], strict=False):
            match before, after:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = " ".join(text.split())
    return found


def _values(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return _values(next(each for each in inner if each is not type(None)))
    if typing.get_origin(annotation) is tuple:
        is_network = IPv4Network in typing.get_args(inner[0])
        return "a list of networks" if is_network else "a list of hosts"
    return {str: "text", int: "a number", bool: "`1` or `0`", Path: "a path"}[annotation]


def _default(value: object) -> str:
    match value:
        case None | () | False:
            return "none" if value is not False else "off"
        case Path():
            return f"`./{value}`"
        case _:
            return f"`{value}`"


# -- errors ----------------------------------------------------------------------------------


def errors_page() -> str:
    """Return the page of all errors."""
    intro = """\
        # Errors

        Programs get an error as `application/problem+json` (RFC 9457) with `type` (always
        `about:blank`), `title`, `status`, `detail` and `code`; the `code` is stable. Browsers
        get a plain page. The command line prints the reason and its cure, and ends with exit
        code 3 for the errors of data and settings, 1 for all others. Where trying again later
        helps, `Retry-After` says when.

        A reader outside sees only the sentence in the last column; the whole reason is in the
        log. *Again* says whether the background loops try again by themselves.
        """
    rows = ["| error | code | HTTP | exit | again | means | a stranger reads |", "|---" * 7 + "|"]
    for each in _catalogue():
        means = inspect.cleandoc(each.__doc__ or "").splitlines()[0]
        exit_code = 3 if issubclass(each, OperatorError) else 1
        again = "yes" if each.retry else "no"
        rows.append(
            f"| `{each.__name__}` | `{each.code}` | {each.status} | {exit_code} | {again} "
            f"| {means} | {each.safe} |"
        )
    outro = """\
        Two more codes come from the address table itself: `not-found` (404) for an address
        nobody serves, and `wrong-method` (405) for a method that is not taken there. A request
        under another host name, or with an unclear length, is refused before
        any of this.
        """
    return _page(intro, "\n".join(rows), outro)


def _catalogue() -> list[type[ChapterError]]:
    return [
        thing
        for thing in vars(errors_module).values()
        if isinstance(thing, type) and issubclass(thing, ChapterError)
    ]


# -- addresses -------------------------------------------------------------------------------


def addresses_page() -> str:
    """Return the page of all addresses."""
    intro = """\
        # Addresses

        `{id:uuid}` stands for an id, `{handle}` for a handle, `{name}` for a hashtag, `{file}`
        for a file's name. Where one address serves both, programs that ask for
        `application/activity+json`, `application/ld+json` or `application/json` get the document,
        and so does who asks for no kind by name. Who asks for HTML gets the page; so do browsers,
        search engines, previews of links and feed readers that take anything (`*/*`), known by
        `User-Agent` or by a language in `Accept-Language`. Documents carry an `ETag`, and `Vary`
        names those headers. What is unknown is 404, what was deleted is 410 with its `Tombstone`.
        """
    rows = ["| address | methods | serves |", "|---|---|---|"]
    for route in routes:
        if not isinstance(route, Route):
            raise TypeError(f"{route} is no plain route: teach this generator to name it")
        methods = ", ".join(sorted((route.methods or set()) - {"HEAD"}))
        rows.append(f"| `{route.path}` | {methods} | {_serves(route)} |")
    return _page(intro, "\n".join(rows))


def _serves(route: Route) -> str:
    doc = inspect.getdoc(route.endpoint)
    if doc:
        return doc.splitlines()[0]
    path = route.path
    for other in ("/actor", "/groups/{handle}"):
        if path.startswith(f"{other}/"):
            path = f"/chapter/{path.removeprefix(f'{other}/')}"
            whom = "the instance actor" if other == "/actor" else "the group"
            return f"As `{path}`, of {whom}."
    return _noted(ADDRESS_NOTES, path, "address")


# -- the pages -------------------------------------------------------------------------------


def _noted(notes: Mapping[str, str], name: str, kind: str) -> str:
    if name not in notes:
        raise LookupError(f"the {kind} {name} has no words yet: write them in {Path(__file__)}")
    return notes[name]


def _page(*parts: str) -> str:
    return MADE + "\n" + "\n\n".join(textwrap.dedent(part).strip() for part in parts) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "addresses.md": addresses_page,
}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
