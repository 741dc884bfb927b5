"""When a delivery is tried again, when it is given up, and how long a failing host rests.

Called by `federation.deliver` and the delivery loop. Pure: attempts, answers and a random
number go in, a delay or a verdict comes out. No clock, no database, no network.
"""

from datetime import timedelta
from enum import StrEnum

LONGEST = timedelta(hours=6)
"""No delivery and no host waits longer than this between two tries."""
SHORTEST_WAIT = timedelta(seconds=30)
"""How long a document that can't be had at the moment is left alone at least."""
LEAST_ATTEMPTS = 20
"""Nothing is given up after fewer attempts than this."""
HORIZON = timedelta(days=7)
"""How long a delivery is tried whose host answers, but can't take it."""
DEAD_HORIZON = timedelta(days=30)
"""How long a host that does not answer at all is probed."""
LONGEST_ASKED = timedelta(hours=24)
"""The longest Retry-After that is honoured."""

_OVERLOADED = frozenset({429, 502, 503, 504})
_RETRIED = frozenset({401, 408, 425, 429})
_DOUBTS_SCHEME = frozenset({400, 401})


class Trouble(StrEnum):
    """Why an attempt failed that is worth another one; the value is for the log."""

    UNREACHABLE = "unreachable"
    """No connection, or no answer in time."""
    BROKEN = "broken"
    """A server's failure (5xx), such as a proxy's while the program behind it starts."""
    REFUSED = "refused"
    """Any other answer that may be another one later."""

    @property
    def first(self) -> timedelta:
        """The shortest wait before the next attempt.

        Five minutes after a refusal: Mastodon blocks a sender for that long when it could not
        fetch our key. What is broken or just starts mends sooner.
        """
        return timedelta(minutes=5) if self is Trouble.REFUSED else timedelta(seconds=30)

    @property
    def horizon(self) -> timedelta:
        """How old a delivery may grow with this trouble."""
        return DEAD_HORIZON if self is Trouble.UNREACHABLE else HORIZON


class Verdict(StrEnum):
    """What a status means for a delivery."""

    DONE = "done"
    RETRY = "retry"
    GIVE_UP = "give up"


def judge(status: int) -> Verdict:
    """Return what an inbox meant by its HTTP `status`.

    A redirect is never followed, but may be gone the next time; of the 4xx only those are
    retried that speak about the moment or about the signature (mastodon.md §6).
    """
    if 200 <= status < 300:
        return Verdict.DONE
    if status >= 500 or status < 400 or status in _RETRIED:
        return Verdict.RETRY
    return Verdict.GIVE_UP


def trouble_of(status: int) -> Trouble:
    """Return why another attempt may help after the HTTP `status`."""
    return Trouble.BROKEN if status >= 500 else Trouble.REFUSED


def other_scheme_may_help(status: int, scheme: str) -> bool:
    """Tell whether to knock again at once with the other signature scheme.

    400 and 401 are what servers answer to a scheme they don't read; to RFC 9421 Gancio
    answers 500.
    """
    return status in _DOUBTS_SCHEME or (scheme == "rfc9421" and status == 500)


def is_overloaded(status: int) -> bool:
    """Tell whether an answer means that the whole host should rest."""
    return status in _OVERLOADED


def retry_in(
    attempt: int,
    chance: float,
    *,
    trouble: Trouble,
    age: timedelta,
    asked: float | None = None,
) -> timedelta | None:
    """Return how long to wait after the `attempt`-th failure, or None to give up.

    Exponential with full jitter above the shortest wait; `chance` is in [0, 1), `age` the
    time since the first attempt was due, `asked` the seconds of a Retry-After.
    """
    if attempt >= LEAST_ATTEMPTS and age >= trouble.horizon:
        return None
    wait = _jittered(trouble.first, attempt, chance)
    return wait if asked is None else max(wait, min(timedelta(seconds=asked), LONGEST_ASKED))


def rest(failures: int, chance: float, *, asked: float | None = None) -> timedelta:
    """Return how long a host is left alone after its `failures`-th failure in a row."""
    wait = _jittered(Trouble.UNREACHABLE.first, failures, chance)
    return wait if asked is None else max(wait, min(timedelta(seconds=asked), LONGEST_ASKED))


def asked_again_in(age: timedelta) -> timedelta:
    """Return after how long a document is asked for again that has been wanted for `age`.

    As long again as that, within bounds.
    """
    return min(max(age, SHORTEST_WAIT), LONGEST)


def ceiling(first: timedelta, attempt: int) -> timedelta:
    """Return the longest wait after the `attempt`-th failure: doubles, up to six hours."""
    return min(first * (1 << min(attempt, 30)), LONGEST)


def _jittered(first: timedelta, attempt: int, chance: float) -> timedelta:
    return first + (ceiling(first, attempt) - first) * chance
