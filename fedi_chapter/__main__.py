"""The way in: `python -m fedi_chapter` and the installed command `fedi-chapter`.

Some fourteen hundred modules are loaded before the first word of a command is read, and next to
nothing they make is garbage. The collector would look through all of it again and again, for a
tenth of the start: so it waits, and then leaves what was loaded alone for good.
"""

import gc
import sys

gc.disable()
from fedi_chapter.cli.main import main  # noqa: E402 - after the collector was stopped

gc.freeze()
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
