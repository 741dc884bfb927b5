import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Start
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.slow


def test_the_demo_tells_its_story_without_a_member_and_ends_at_a_signal(
    start: Start, tmp_path: Path
) -> None:
    # No PATH: neither Node nor npm can be found.
    demo = start(
        "demo", "--data", str(tmp_path / "demo"), PATH="/nonexistent", PYTHONUNBUFFERED="1"
    )
    assert demo.stdout is not None
    told: list[str] = []
    for line in demo.stdout:
        told.append(line)
        if "Ctrl-C" in line:
            break
    story = "".join(told)
    assert "The fediverse member is left out: node and npm not installed here." in story
    assert "Athens follows Atlanta: accepted" in story
    assert "Both arrived at Athens." in story
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(timeout=PATIENCE) == 0
    again = start("demo", "--data", str(tmp_path / "demo"))
    _, err = again.communicate(timeout=PATIENCE)
    assert again.returncode == 1
    assert "there is a demo" in err
