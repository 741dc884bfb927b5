"""The lock files are complete: `pip install --no-deps` of one of them leaves nothing missing."""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import Environment, Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "arm64"),
)
LOCKED = re.compile(r"^([\w.-]+)==(\S+?)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = RUNTIME + PROJECT["dependency-groups"]["dev"]


def environment(python: str, system: tuple[str, str, str]) -> Environment:
    """Return the values of PEP 508's markers on another machine than this one."""
    values = default_environment()
    values["python_version"], values["python_full_version"] = python, f"{python}.0"
    values["sys_platform"], values["platform_system"], values["platform_machine"] = system
    return values


ENVIRONMENTS = [
    pytest.param(environment(python, system), id=f"{python}-{system[0]}-{system[2]}")
    for python in PYTHONS
    for system in SYSTEMS
]


def locked(file: str, machine: Environment) -> dict[str, str]:
    """Return name -> version of what a lock file installs on a machine."""
    entries = LOCKED.findall((ROOT / file).read_text(encoding="utf-8"))
    taken = [
        (canonicalize_name(name), version)
        for name, version, marker in entries
        if not marker or Marker(marker).evaluate(dict(machine))
    ]
    assert len(taken) == len(dict(taken)), "one distribution is locked to two versions"
    return dict(taken)


def needed(asked: Requirement, machine: Environment) -> Iterator[Requirement]:
    """Return what a distribution, with the extras asked for, requires on a machine."""
    for line in importlib.metadata.requires(asked.name) or ():
        each = Requirement(line)
        wanted = [{**machine, "extra": extra} for extra in ("", *sorted(asked.extras))]
        if each.marker is None or any(each.marker.evaluate(values) for values in wanted):
            yield each


@pytest.mark.parametrize("machine", ENVIRONMENTS)
@pytest.mark.parametrize(
    ("file", "wishes"), [("requirements.lock", RUNTIME), ("requirements-dev.lock", DEVELOPMENT)]
)
def test_a_lock_holds_all_that_is_needed_in_versions_that_fit(
    file: str, wishes: list[str], machine: Environment
) -> None:
    held = locked(file, machine)
    waiting = [Requirement(wish) for wish in wishes]
    seen: set[str] = set()
    while waiting:
        wish = waiting.pop()
        if str(wish) in seen or (wish.marker and not wish.marker.evaluate(dict(machine))):
            continue
        seen.add(str(wish))
        name = canonicalize_name(wish.name)
        assert name in held, f"{file} lacks {wish}"
        assert wish.specifier.contains(held[name], prereleases=True), f"{wish}: {held[name]}"
        if _is_here(name, held[name]):
            waiting.extend(needed(wish, machine))


def _is_here(name: str, version: str) -> bool:
    """Tell whether the locked version is installed, so that its own requirements are known."""
    try:
        return importlib.metadata.version(name) == version
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_hashes_and_no_addresses(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    entries = re.split(r"(?m)^(?=[\w.-]+==)", text)[1:]
    assert entries
    assert all(HASH.search(entry) for entry in entries)
    assert "://" not in text


def test_both_locks_agree_on_what_they_share() -> None:
    machine = environment("3.11", SYSTEMS[0])
    development = locked("requirements-dev.lock", machine)
    for name, version in locked("requirements.lock", machine).items():
        assert development[name] == version
