"""How the processing of one activity ended: said by every handler, never left unsaid.

Returned by `federation.handlers`, written to the inbox row by `federation.dispatch`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """It had its effect; `what` names the effect."""

    what: str = "done"

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Ignored:
    """It had no effect, and this is why: one of a fixed set of sentences, so it can be counted."""

    reason: str

    def __str__(self) -> str:
        return f"ignored: {self.reason}"


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for an organizer, and this is why."""

    reason: str

    def __str__(self) -> str:
        return f"held: {self.reason}"


@dataclass(frozen=True, slots=True)
class Lacking:
    """Nothing was decided: what the note answers has not come; it is fetched from `uri` first."""

    uri: str

    def __str__(self) -> str:
        return "answers what has not come"


Outcome = Done | Ignored | Held | Lacking
