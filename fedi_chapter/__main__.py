"""`python -m fedi_chapter` is the command line."""

import sys

from fedi_chapter.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
