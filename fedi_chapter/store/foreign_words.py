"""Foreign words as they may be shown, made when they are stored and never while a page is asked.

Called by the files that store such words, and by the clock for rows that an older rule made. A
row whose rule is older than the present one is shown without its words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Table, case, select, update

from fedi_chapter.core.html import RULE, plain, sanitise
from fedi_chapter.core.text import one_line
from fedi_chapter.store.tables import messages, neighbour_posts, replies
from fedi_chapter.store.tx import ReadTx, WriteTx

EXCERPT = 220
"""Characters of a neighbour's post that are shown."""
EXCERPT_ATTACHED = 500
"""Characters of its options and of the words for its pictures."""
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they came: of which row of which table."""

    table: str
    uri: str
    html: str
    attached: str


def body_of(html: str, attached: str) -> dict[str, Any]:
    """Return the columns that show words in full."""
    shown = sanitise(html + attached)
    return {"body": shown.html, "is_cut": shown.is_cut, "rule": RULE}


def excerpt_of(html: str, attached: str) -> dict[str, Any]:
    """Return the columns that show the beginning of words on one line."""
    lines = one_line(plain(html), EXCERPT), one_line(plain(attached), EXCERPT_ATTACHED)
    return {"excerpt": " ".join(filter(None, lines)), "rule": RULE}


def if_judged(table: Table, name: str) -> ColumnElement[Any]:
    """Return a column made by a rule, null in the rows that the present rule has not made."""
    return case((table.c.rule >= RULE, table.c[name])).label(name)


def host_of(actor_uri: str) -> str:
    """Return the host by which strangers are counted."""
    return urlsplit(actor_uri).netloc.lower()


_MADE: Mapping[str, tuple[Table, Callable[[str, str], dict[str, Any]]]] = {
    "replies": (replies, body_of),
    "messages": (messages, body_of),
    "neighbour_posts": (neighbour_posts, excerpt_of),
}


def unjudged(tx: ReadTx) -> list[Words]:
    """Return some of the words that the present rule has not judged yet."""
    found: list[Words] = []
    for name, (table, _) in _MADE.items():
        rows = tx.conn.execute(
            select(table.c.uri, table.c.html, table.c.attached)
            .where(table.c.rule < RULE)
            .limit(AT_ONCE)
        )
        found += [Words(name, *row) for row in rows]
    return found


def judged(words: Words) -> dict[str, Any]:
    """Return what is shown of the words; takes some milliseconds and no transaction."""
    _, make = _MADE[words.table]
    return make(words.html, words.attached)


def put_judged(tx: WriteTx, words: Words, columns: dict[str, Any]) -> None:
    """Keep what is shown of words, unless they have changed meanwhile."""
    table, _ = _MADE[words.table]
    same = table.c.html == words.html, table.c.attached == words.attached
    tx.conn.execute(update(table).where(table.c.uri == words.uri, *same).values(**columns))
