"""Medians, spread and goals, and the tables they are printed in."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """What a median should reach."""

    side: Literal["≥", "≤"]
    value: float

    def is_met(self, median: float) -> bool:
        return median >= self.value if self.side == "≥" else median <= self.value

    def __str__(self) -> str:
        return f"{self.side} {_number(self.value)}"


def at_least(value: float) -> Goal:
    return Goal("≥", value)


def at_most(value: float) -> Goal:
    return Goal("≤", value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured several times."""

    name: str
    unit: str
    values: Sequence[float]
    goal: Goal | None = None

    def row(self) -> tuple[str, ...]:
        median = statistics.median(self.values)
        spread = f"{_number(min(self.values))} – {_number(max(self.values))}"
        met = "" if self.goal is None else ("yes" if self.goal.is_met(median) else "**no**")
        return (
            self.name,
            f"{_number(median)} {self.unit}",
            spread if len(self.values) > 1 else "one run",
            str(self.goal or ""),
            met,
        )


def shares(parts: Sequence[float], wholes: Sequence[float]) -> list[float]:
    """Return each part in percent of the whole measured beside it."""
    return [100 * part / whole for part, whole in zip(parts, wholes, strict=True)]


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the value that `percent` of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(title: str, figures: Iterable[Figure]) -> str:
    """Return the figures as a Markdown table."""
    head = ("figure", "median", "spread", "goal", "met")
    rows = [head, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join((f"### {title}", "", *lines, ""))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) + " |"


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
