"""Request headers are read in one place: two readers of one header are two answers to one key."""

import ast
from pathlib import Path

import pytest

import fedi_chapter

WEB = Path(fedi_chapter.__file__).parent / "web"
READER = "request_headers.py"
RAW = {"readers.py"}
"""Gives the lines as they came to the check of signatures, which refuses doubled ones itself."""


def reads_headers(node: ast.AST) -> bool:
    """Tell whether an expression takes a request's headers from its request or scope."""
    if isinstance(node, ast.Attribute) and node.attr == "headers":
        return isinstance(node.value, ast.Name) and node.value.id == "request"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        held = ast.unparse(node.value)
        return node.slice.value == "headers" and held.endswith("scope")
    return False


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.py")), ids=lambda path: path.name)
def test_only_one_file_reads_the_headers_of_requests(path: Path) -> None:
    if path.name == READER or path.name in RAW:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [ast.unparse(node) for node in ast.walk(tree) if reads_headers(node)]
