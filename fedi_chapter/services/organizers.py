"""Who may act for the chapter: invite, sign in, stay signed in, sign out, remove.

Called by the command line and the organizers' pages, inside their transaction. Nobody has a
password: an organizer gets a link that works once and becomes a session. Of both, the
database holds only hashes.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from fedi_chapter.core.errors import FormInvalid, Missing, NotAllowed
from fedi_chapter.core.graphemes import is_visible
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.organizer import Organizer, Role
from fedi_chapter.store import organizers, sessions
from fedi_chapter.store.tx import ReadTx, WriteTx

LINK = timedelta(hours=24)
"""How long an invitation works."""
IDLE = timedelta(hours=12)
"""How long a session lasts that nobody uses."""
LONGEST = timedelta(days=14)
"""How long a session lasts at most."""
NOTED = timedelta(minutes=5)
"""How old the note of a session's last use may be: not every page is worth a write."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser; it is due for a note when its last use was noted a while ago."""

    organizer: Organizer
    due: bool


def invite(
    tx: WriteTx, name: str | None, role: Role | None, *, lasts: timedelta = LINK
) -> tuple[Organizer, str]:
    """Return an organizer, known by that name or new, and the token of a fresh one-use link.

    A role that differs from the one held so far ends the sessions held with that (ADM-02).

    Raises:
        FormInvalid: a new organizer without a role, or a name that can't be shown.

    """
    known = None if name is None else organizers.lock(tx, name)
    if known is None or role not in {None, known.role}:
        known = _give_role(tx, name, role)
    token = tx.ids.token()
    organizers.put_link(tx, known.id, token_hash(token), tx.now + lasts)
    return known, token


def remove(tx: WriteTx, name: str) -> None:
    """Let an organizer go: links and sessions end in this transaction (PRIV-09).

    Raises:
        Missing: there is nobody of that name.

    """
    known = organizers.lock(tx, name)
    if known is None:
        raise Missing(f"no organizer is called {name!r}", cure="`organizer list` shows them")
    organizers.remove(tx, known.id)
    sessions.remove_all(tx, known.id)


def sign_in(tx: WriteTx, link: str, *, instead_of: str | None) -> str:
    """Use a link's token up and return the token of a new session; an older one ends (ADM-02).

    Raises:
        NotAllowed: the link is used, old or unknown.

    """
    organizer = organizers.use_link(tx, token_hash(link))
    if organizer is None:
        raise NotAllowed("the sign-in link is used, old or unknown")
    if instead_of is not None:
        sign_out(tx, instead_of)
    token = tx.ids.token()
    sessions.insert(tx, token_hash(token), organizer.id)
    return token


def session_of(tx: ReadTx, token: str) -> Session | None:
    """Return the session of a cookie's token, unless it ended."""
    found = sessions.get(
        tx, token_hash(token), begun_after=tx.now - LONGEST, seen_after=tx.now - IDLE
    )
    return None if found is None else Session(found[0], tx.now - found[1] > NOTED)


def stay(tx: WriteTx, token: str) -> None:
    """Note that a session is in use."""
    sessions.touch(tx, token_hash(token))


def sign_out(tx: WriteTx, token: str) -> None:
    """End a session."""
    sessions.remove(tx, token_hash(token))


def token_hash(token: str) -> str:
    """Return the form in which a secret token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def _give_role(tx: WriteTx, name: str | None, role: Role | None) -> Organizer:
    if role is None:
        raise FormInvalid(f"{name!r} is not an organizer yet", cure="give them a role with --role")
    if name is None:
        return _named_by_role(tx, role)
    if not is_visible(name) or name != one_line(name, LONGEST_NAME):
        raise FormInvalid(f"{name!r} can't be a name", cure="give 1 to 100 plain characters")
    organizer = organizers.put(tx, name, role)
    sessions.remove_all(tx, organizer.id)
    return organizer


def _named_by_role(tx: WriteTx, role: Role) -> Organizer:
    """Add `Moderator`, `Moderator 2` and so on: the first that nobody has or had."""
    names = (role.title() if number == 1 else f"{role.title()} {number}" for number in count(1))
    return next(added for name in names if (added := organizers.add(tx, name, role)))
