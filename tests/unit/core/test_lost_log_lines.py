"""A log that can't be written is no reason to stop work, and says afterwards what is missing."""

import errno
import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from fedi_chapter.core import log
from fedi_chapter.core.errors import DatabaseAway


class Disk(io.StringIO):
    """A log file on a disk that may be full."""

    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    kept, disk = structlog.get_config(), Disk()
    monkeypatch.setattr(sys, "stderr", disk)
    log.configure("info", "text")
    yield disk
    structlog.configure(**kept)


def test_a_full_disk_stops_nobody_who_writes_a_line(disk: Disk) -> None:
    logger = log.get_logger(__name__)
    disk.is_full = True
    logger.info("first")
    logger.info("second")
    disk.is_full = False
    logger.info("third")
    logger.info("fourth")
    third, fourth = disk.getvalue().splitlines()
    assert "third" in third
    assert third.endswith("lines_lost=2")
    assert "lines_lost" not in fourth


def test_an_absent_database_is_one_line_with_reason_and_cure(disk: Disk) -> None:
    logger = log.get_logger(__name__)
    error = DatabaseAway("the disk is full", cure="free space")
    logger.error("claim failed", **log.because(error))
    (line,) = disk.getvalue().splitlines()
    assert "reason='the disk is full' cure='free space'" in line


def test_what_nobody_foresaw_is_told_whole(disk: Disk) -> None:
    try:
        raise ZeroDivisionError("bug")
    except ZeroDivisionError as error:
        log.get_logger(__name__).error("claim failed", **log.because(error))
    assert "Traceback" in disk.getvalue()
