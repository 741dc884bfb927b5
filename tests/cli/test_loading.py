"""A command starts quickly, because it loads only what it needs."""

import subprocess
import sys

from fedi_chapter.cli.main import FILES

SERVING = {"fedi_chapter.app", "fedi_chapter.web", "fedi_chapter.workers", "starlette", "uvicorn"}
SENDING = {"aiohttp"}


def loaded_with(*files: str) -> set[str]:
    """Return what a fresh Python has loaded after files of the command line."""
    modules = ", ".join(f"fedi_chapter.cli.{file}" for file in files)
    code = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_command_loads_nothing_that_only_a_server_needs() -> None:
    commands = {*FILES.values()} - {"demo", "serve"}
    assert not loaded_with(*commands) & (SERVING | SENDING)


def test_a_server_loads_what_sends_only_when_it_sends() -> None:
    loaded = loaded_with("serve")
    assert loaded >= SERVING
    assert not loaded & SENDING
