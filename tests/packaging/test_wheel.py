"""The wheel, as an operator gets it: what is in it, and that a chapter runs from it alone."""

import importlib.metadata
import json
import re
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.request import Request, urlopen
from zipfile import ZipFile

import pytest

from fedi_chapter.settings import PREFIX
from tests.kit.patience import PATIENCE
from tests.kit.processes import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LOCKED = re.compile(r"^([\w.-]+)==(\S+)(.*)", re.MULTILINE)
ACTIVITY = "application/activity+json"


def done(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a program that must succeed; return what it said on standard output."""
    ran = subprocess.run(
        words, cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the locked tool."""
    folder = tmp_path_factory.mktemp("dist")
    done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The names of all files in the wheel."""
    with ZipFile(wheel) as archive:
        return {info.filename for info in archive.infolist() if not info.is_dir()}


def link_locked(site: Path) -> None:
    """Put every distribution of requirements.lock into `site`, as it is installed here already.

    Nothing else comes along: what only the tests have installed is not to be found there.
    """
    for name, version, condition in LOCKED.findall((ROOT / "requirements.lock").read_text()):
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            assert ";" in condition, f"{name} is locked, but not installed"
            continue
        assert found.version == version, f"{name} is {found.version}, the lock says {version}"
        tops = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (site / top).symlink_to(Path(str(found.locate_file(top))))


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and its locked dependencies, and a folder to work in."""

    home: Path

    @property
    def python(self) -> Path:
        return self.home / "env" / "bin" / "python"

    @property
    def program(self) -> Path:
        return self.home / "env" / "bin" / "fedi-chapter"

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", f"{PREFIX}DANGER_ALLOW_PRIVATE_NETWORK": "1"}

    def run(self, *words: str) -> str:
        return done(self.program, *words, cwd=self.home, env=self.environment)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, far from the checkout."""
    made = Installed(tmp_path_factory.mktemp("operator"))
    venv.create(made.home / "env", symlinks=True)
    site = done(
        made.python,
        "-c",
        "import sysconfig; print(sysconfig.get_path('purelib'))",
        cwd=made.home,
        env=made.environment,
    )
    link_locked(Path(site.strip()))
    done(
        *(sys.executable, "-m", "pip", "--python", made.python, "install", "--quiet"),
        *("--no-index", "--no-deps", wheel),
        cwd=made.home,
    )
    return made


@pytest.fixture(scope="module")
def served(installed: Installed) -> Iterator[str]:
    """A chapter, founded and served by the installed program."""
    port = str(free_port())
    base = f"http://localhost:{port}"
    installed.run(
        *("init", "--domain", "localhost", "--base-url", base),
        *("--handle", "riverside", "--name", "Riverside"),
    )
    server = subprocess.Popen(
        [installed.program, "run", "--port", port],
        cwd=installed.home,
        env=installed.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    said: list[str] = []
    for line in server.stderr:  # ends when the program does
        said.append(line)
        if line.startswith("ready "):
            break
    assert said[-1:] == [f"ready {base}\n"], "".join(said)
    yield base
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=PATIENCE)
    assert server.returncode == 0


def fetched(url: str, accept: str = "*/*") -> tuple[Message, str]:
    with urlopen(Request(url, headers={"Accept": accept}), timeout=PATIENCE) as answer:
        return answer.headers, answer.read().decode()


# -- what is in it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "fedi_chapter/py.typed",
        "fedi_chapter/locale/es.po",
        "fedi_chapter/demo_member/server.mjs",
        "fedi_chapter/demo_member/package-lock.json",
        "fedi_chapter/web/static/style.css",
        "fedi_chapter/web/templates/base.html",
        "fedi_chapter/web/templates/public/home.html",
        "fedi_chapter/_migrations/env.py",
    ],
)
def test_the_wheel_brings_what_the_program_reads_beside_its_code(
    name: str, names: set[str]
) -> None:
    assert name in names


def test_the_wheel_holds_the_package_the_migrations_and_nothing_else(names: set[str]) -> None:
    wanted = {
        f"{inside}/{path.relative_to(folder)}"
        for folder, inside in (
            (ROOT / "fedi_chapter", "fedi_chapter"),
            (ROOT / "migrations", "fedi_chapter/_migrations"),
        )
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", "node_modules"} & set(path.parts)
    }
    assert {name for name in names if ".dist-info/" not in name} == wanted


def test_the_wheel_carries_its_licence(names: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


# -- what it does ----------------------------------------------------------------------------


def test_the_lock_has_all_that_the_wheel_asks_for(installed: Installed) -> None:
    done(sys.executable, "-m", "pip", "--python", installed.python, "check", cwd=installed.home)


def test_the_installed_program_is_the_wheels(installed: Installed) -> None:
    where = done(
        installed.python,
        "-c",
        "import fedi_chapter; print(fedi_chapter.__file__)",
        cwd=installed.home,
        env=installed.environment,
    )
    assert Path(where.strip()).is_relative_to(installed.home / "env")


def test_a_chapter_founded_from_the_wheel_has_the_newest_schema(
    installed: Installed, served: str
) -> None:
    newest = max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    assert json.loads(installed.run("migrate", "--check", "--json")) == {
        "from": newest,
        "to": newest,
    }


def test_a_chapter_served_from_the_wheel_is_found_by_other_servers(served: str) -> None:
    host = served.removeprefix("http://")
    _, answer = fetched(f"{served}/.well-known/webfinger?resource=acct:riverside@{host}")
    links = {link["rel"]: link["href"] for link in json.loads(answer)["links"] if "href" in link}
    headers, actor = fetched(links["self"], ACTIVITY)
    assert headers.get_content_type() == ACTIVITY
    assert json.loads(actor)["id"] == links["self"] == f"{served}/chapter"


def test_a_chapter_served_from_the_wheel_shows_its_home_in_its_own_style(
    served: str, wheel: Path
) -> None:
    headers, home = fetched(f"{served}/")
    assert headers.get_content_type() == "text/html"
    assert "Riverside" in home
    style = re.search(r'<link rel="stylesheet" href="([^"]+)"', home)
    assert style is not None
    headers, css = fetched(f"{served}{style[1].removeprefix(served)}")
    assert headers.get_content_type() == "text/css"
    with ZipFile(wheel) as archive:
        assert css.encode() == archive.read("fedi_chapter/web/static/style.css")
