"""Every step of the member's journey that can be gone is gone by a test that says so."""

import ast
import re
from pathlib import Path

SCENARIOS = sorted((Path(__file__).parents[1] / "federation").glob("test_member_journey*.py"))
STEPS = {*range(1, 13), 15, 16, 17}
"""Photos (13) and what is near (14) can't be tried yet."""


def test_every_step_has_a_scenario_that_names_it() -> None:
    named: set[int] = set()
    for path in SCENARIOS:
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.AsyncFunctionDef) and each.name.startswith("test_"):
                steps = re.findall(r"\bMEM-(\d+)\.", ast.get_docstring(each) or "")
                assert steps, f"{path.name}: {each.name} names no step"
                named.update(map(int, steps))
    assert named == STEPS
