"""`python -m benchmarks [NAME…] [--quick]`: measure, and print the tables."""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime

from benchmarks import fanout, flood, footprint, inbox, read, rsvp
from benchmarks.programs import raise_limits

BENCHMARKS = {
    "fanout": fanout.measure,
    "inbox": inbox.measure,
    "flood": flood.measure,
    "rsvp": rsvp.measure,
    "read": read.measure,
    "footprint": footprint.measure,
}
REPEATS = 5


def main() -> int:
    """Run what was asked for, or everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="one run of each: a first look")
    asked = parser.parse_args()
    raise_limits()
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, CPython {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start\n",
        flush=True,
    )
    for name in asked.names or BENCHMARKS:
        print(BENCHMARKS[name](1 if asked.quick else REPEATS), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
