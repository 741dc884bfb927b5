"""The back-up that the documentation describes, run as it stands there."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "back-up.md"
SCRIPT = re.compile(r"cat > /usr/local/sbin/chapter-backup <<'END'\n(.*?\n)END\n", re.DOTALL)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    found = SCRIPT.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    file = tmp_path / "chapter-backup"
    file.write_text(found[1])
    return file


def back_up(script: Path, data: Path, to: Path) -> int:
    command = ["sh", str(script), str(data), str(to)]
    return subprocess.run(command, check=False, umask=0o022).returncode


def test_a_backup_made_as_documented_is_private_and_can_be_used(
    script: Path, shell: Shell, tmp_path: Path, picture: Path
) -> None:
    shell.told("post", "create", "Look", "--image", str(picture), "--alt", "A poster")
    (shell.data / "chapter.toml").write_text('log_level = "warning"\n')
    to = tmp_path / "backups"
    assert back_up(script, shell.data, to) == 0
    for path in (to, *to.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    restored = Shell(tmp_path / "restored")
    shutil.copytree(to / "latest", restored.data)
    assert restored.told("post", "list") == shell.told("post", "list")
    assert {each.name for each in (restored.data / "media").iterdir()} == {
        each.name for each in (shell.data / "media").iterdir()
    }
    assert (restored.data / "secret.key").read_bytes() == (shell.data / "secret.key").read_bytes()


def test_a_backup_that_fails_leaves_the_one_before(
    script: Path, shell: Shell, tmp_path: Path
) -> None:
    to = tmp_path / "backups"
    assert back_up(script, shell.data, to) == 0
    shell.told("post", "create", "Hello")
    assert back_up(script, shell.data, to) == 0
    assert Shell(to / "old").told("post", "list") == []
    (shell.data / "secret.key").unlink()
    assert back_up(script, shell.data, to) != 0
    assert len(Shell(to / "latest").told("post", "list")) == 1
