"""How the processing of one activity ended: said by every handler, never left unsaid.

Returned by `federation.handlers`, written to the inbox row by `federation.dispatch`. Where an
outcome `names_nobody`, that row forgets who sent it: it answered an event that only counts heads.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """It had its effect; `what` names the effect."""

    what: str = "done"
    names_nobody: bool = False

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Ignored:
    """It had no effect, and this is why: one of a fixed set of sentences, so it can be counted."""

    reason: str
    names_nobody: bool = False

    def __str__(self) -> str:
        return f"ignored: {self.reason}"


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for an organizer, and this is why."""

    reason: str
    names_nobody: bool = False

    def __str__(self) -> str:
        return f"held: {self.reason}"


@dataclass(frozen=True, slots=True)
class Lacking:
    """Nothing was decided: what the note answers has not come; it is fetched from `uri` first."""

    uri: str

    def __str__(self) -> str:
        return "answers what has not come"


Outcome = Done | Ignored | Held | Lacking
