"""The way in: `python -m fedi_chapter` and the installed command `fedi-chapter`."""

import sys

from fedi_chapter.core.loading import quiet_interrupts, without_collector

with without_collector(), quiet_interrupts():
    from fedi_chapter.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
