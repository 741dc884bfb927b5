"""How much room a disk has left, and the words for too little.

Asked by `doctor` and by `/readyz`, so that both raise the alarm before a write fails.
"""

import shutil
from pathlib import Path

LEAST_FREE = 500 << 20
"""Bytes that should stay free on a disk with people's data."""


def free_megabytes(folder: Path) -> int:
    """Return how many megabytes are free on the disk of `folder`."""
    return shutil.disk_usage(folder).free >> 20


def shortage(folder: Path) -> str | None:
    """Return a complaint if little room is left on the disk of `folder`."""
    free = free_megabytes(folder)
    return f"only {free} MB are free on the disk" if free < LEAST_FREE >> 20 else None
