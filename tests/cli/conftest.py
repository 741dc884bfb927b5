import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

import fedi_chapter
from fedi_chapter.cli import init
from fedi_chapter.cli.main import cli
from fedi_chapter.core import log
from fedi_chapter.settings import PREFIX
from fedi_chapter.store import migrate
from fedi_chapter.store.engine import parse, sqlite_file
from tests.kit.databases import Databases

DANGER = f"{PREFIX}DANGER_ALLOW_PRIVATE_NETWORK"
FOUNDING = (
    *("init", "--domain", "chapter.example.org", "--handle", "atlanta", "--name", "Atlanta"),
    *("--timezone", "America/New_York", "--place", "Atlanta", "--lat", "33.7", "--lon", "-84.4"),
)


@dataclass(frozen=True)
class Shell:
    """Runs commands in this process over one data folder."""

    data: Path

    def run(self, *words: str, text: str | None = None) -> Result:
        return CliRunner().invoke(
            cli, [*words, "--data", str(self.data)], input=text, catch_exceptions=False
        )

    def told(self, *words: str, text: str | None = None) -> Any:
        """Run a command that must succeed; return its JSON."""
        result = self.run(*words, "--json", text=text)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def refused(self, *words: str, code: int = 1) -> str:
        """Run a command that must be refused with a cure; return what it said."""
        said = self.refused_without_cure(*words, code=code)
        assert code == 2 or "Cure: " in said
        return said

    def refused_without_cure(self, *words: str, code: int = 1) -> str:
        """Run a command that must be refused without an answer; return what it said."""
        result = self.run(*words, "--json")
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        return result.stderr


def program(*words: str, **environment: str) -> subprocess.Popen[str]:
    """Start the program as an operator does, with nothing but these settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "fedi_chapter", *words],
        env={"PYTHONPATH": str(Path(fedi_chapter.__file__).parent.parent), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of this shell and the process-wide log out of the tests."""
    for name in ("DATA", "BASE_URL", "DATABASE_URL", "DANGER_ALLOW_PRIVATE_NETWORK", "LOG_LEVEL"):
        monkeypatch.delenv(f"{PREFIX}{name}", raising=False)
    monkeypatch.setattr(log, "configure", lambda *_: None)


@pytest.fixture(autouse=True)
def _made_before(
    monkeypatch: pytest.MonkeyPatch,
    databases: Databases,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
) -> None:
    """Found with keys and a schema that are there already; `template` and `start` make theirs."""
    migrated, apply_steps = sqlite_file(parse(databases.sqlite())), migrate.upgrade

    def upgrade(url: str) -> tuple[str | None, str]:
        path = sqlite_file(parse(url))
        if path.exists() or not path.parent.is_dir():
            return apply_steps(url)
        shutil.copyfile(migrated, path)
        return None, migrate.head()

    monkeypatch.setattr(migrate, "upgrade", upgrade)
    monkeypatch.setattr(init, "make_rsa", cycle(rsa_keys).__next__)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded chapter, made once: keys take their time."""
    data = tmp_path_factory.mktemp("founded") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "configure", lambda *_: None)
        result = CliRunner().invoke(cli, [*FOUNDING, "--data", str(data)])
    assert result.exit_code == 0, result.output
    return data


@pytest.fixture
def shell(template: Path, tmp_path: Path) -> Shell:
    """Commands over a founded chapter."""
    shutil.copytree(template, tmp_path / "data")
    return Shell(tmp_path / "data")


@pytest.fixture
def empty(tmp_path: Path) -> Shell:
    """Commands over a folder where nothing is yet."""
    return Shell(tmp_path / "data")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small picture."""
    poster = Path(fedi_chapter.__file__).parent / "media" / "poster.py"
    target = tmp_path / "poster.png"
    subprocess.run([sys.executable, "-I", str(poster), str(target)], check=True)
    return target


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start real processes that are gone at the end of the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str, **environment: str) -> subprocess.Popen[str]:
        running.append(program(*words, **environment))
        return running[-1]

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
