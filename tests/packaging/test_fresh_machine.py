"""`make setup-dev` on a machine that has nothing: any Python we name, with the pip it came with.

The index offers a newer version of every distribution, which nobody may take.
"""

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.utils import parse_wheel_filename

from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
OLDEST_PIP = {"3.11": "22.3", "3.12": "23.2.1", "3.13": "24.2", "3.14": "25.2"}
"""The pip within the first release of each Python."""
NEWER = "9999.0"
PARTS = ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock")
FOLDERS = ("fedi_chapter", "migrations")


def done(*words: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a program that must succeed; return what it said."""
    ran = subprocess.run(
        words, cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def interpreter(version: str) -> str | None:
    """Return a Python of a version that is on this machine, if there is one."""
    places = [shutil.which(f"python{version}")]
    if root := os.environ.get("PYENV_ROOT"):
        found = sorted(Path(root, "versions").glob(f"{version}.*/bin/python{version}"))
        places += [str(each) for each in found]
    for each in filter(None, places):
        asked = subprocess.run([each, "-c", "import ensurepip"], capture_output=True, check=False)
        if asked.returncode == 0:
            return each
    return None


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every locked wheel for every Python we name, and the pips they came with."""
    folder = tmp_path_factory.mktemp("distributions")
    download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder)
    for version, pip in OLDEST_PIP.items():
        target = ("--python-version", version, "--only-binary=:all:")
        locked = ("--require-hashes", "-r", ROOT / "requirements-dev.lock")
        done(*download, *target, *locked)
        done(*download, f"pip=={pip}")
    return folder


def offer_newer(index: Path, name: str) -> None:
    """Put a newer version of a distribution beside the one that is locked."""
    stem = f"{name.replace('-', '_')}-{NEWER}"
    with ZipFile(index / name / f"{stem}-py3-none-any.whl", "w") as wheel:
        info = f"{stem}.dist-info"
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Folders as lists of links: what PEP 503 asks of an index."""

    def log_message(self, *_: object) -> None:
        """Say nothing on the test's output."""


@pytest.fixture(scope="module")
def index(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an index with all of that, each with a newer version beside it."""
    folder = tmp_path_factory.mktemp("index")
    for wheel in distributions.glob("*.whl"):
        name = str(parse_wheel_filename(wheel.name)[0])
        (folder / name).mkdir(exist_ok=True)
        (folder / name / wheel.name).hardlink_to(wheel)
    for project in folder.iterdir():
        offer_newer(folder, project.name)
    serving = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}/"
    serving.shutdown()
    serving.server_close()
    thread.join()


@pytest.mark.parametrize("version", OLDEST_PIP)
def test_a_fresh_machine_gets_what_is_locked_whatever_its_pip(
    version: str, index: str, tmp_path: Path
) -> None:
    python = interpreter(version)
    if python is None and version == "3.12":
        pytest.skip("no Python 3.12 here, and its pip runs nowhere else")
    for part in PARTS:
        shutil.copy(ROOT / part, tmp_path)
    for folder in FOLDERS:
        (tmp_path / folder).symlink_to(ROOT / folder)
    plain = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_NO_CACHE_DIR": "1"}
    plain |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index}
    # Where that Python is absent, its pip on ours: the pip is what chooses.
    python = python or sys.executable
    done(python, "-m", "venv", tmp_path / ".venv")
    own = tmp_path / ".venv" / "bin" / "python"
    done(own, "-m", "pip", "install", "-q", f"pip=={OLDEST_PIP[version]}", env=plain)
    done("make", "setup-dev", f"PYTHON={python}", cwd=tmp_path, env=plain)
    assert f"pip {OLDEST_PIP[version]} " in done(own, "-m", "pip", "--version", env=plain)
    held = done(own, "-m", "pip", "list", "--format=freeze", env=plain)
    assert NEWER not in held
    assert "coverage==" in held
    program = tmp_path / ".venv" / "bin" / "fedi-chapter"
    assert "fedi-chapter" in done(program, "--version", env=plain)
