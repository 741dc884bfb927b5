"""A command starts quickly, because it loads only what it needs."""

import subprocess
import sys

import pytest

from fedi_chapter.cli.main import FILES

SERVING = {"fedi_chapter.app", "fedi_chapter.web", "fedi_chapter.workers", "starlette", "uvicorn"}
SENDING = {"aiohttp"}


def loaded_with(module: str) -> set[str]:
    """Return what a fresh Python has loaded after `module`."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("file", sorted({*FILES.values()} - {"demo", "serve"}))
def test_a_command_loads_nothing_that_only_a_server_needs(file: str) -> None:
    assert not loaded_with(f"fedi_chapter.cli.{file}") & (SERVING | SENDING)


def test_a_server_loads_what_sends_only_when_it_sends() -> None:
    loaded = loaded_with("fedi_chapter.cli.serve")
    assert loaded >= SERVING
    assert not loaded & SENDING
