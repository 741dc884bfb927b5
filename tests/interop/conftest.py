"""Chapters and members as real processes, each test module with its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.processes import (
    Authority,
    Chapter,
    Member,
    free_port,
    installed_member,
    make_authority,
)

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each story here in the order it is told: its chapters live through the whole file."""
    ours = [item for item in items if HERE in item.path.parents]
    told = iter(sorted(ours, key=lambda item: (str(item.path), _part(item), item.location[1] or 0)))
    items[:] = [next(told) if HERE in item.path.parents else item for item in items]


def _part(item: pytest.Item) -> str:
    """Return the variant of the story a test belongs to, such as `sqlite`."""
    callspec = getattr(item, "callspec", None)
    return callspec.id if callspec else ""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def member_folder() -> Path:
    return installed_member()


@pytest.fixture(scope="module")
def new_chapter(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Chapter]]:
    made: list[Chapter] = []

    def make(handle: str, **settings: str) -> Chapter:
        data = tmp_path_factory.mktemp(handle)
        chapter = Chapter(handle.title(), handle, data, free_port(), authority, settings)
        made.append(chapter)
        return chapter.found().start()

    yield make
    for chapter in made:
        chapter.stop()


@pytest.fixture(scope="module")
def new_member(authority: Authority, member_folder: Path) -> Iterator[Callable[..., Member]]:
    made: list[Member] = []

    def make(**options: str) -> Member:
        member = Member(member_folder, free_port(), authority, options)
        made.append(member)
        return member.start()

    yield make
    for member in made:
        member.stop()
