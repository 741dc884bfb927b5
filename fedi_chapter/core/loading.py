"""Loading many modules at once.

Used by the way in, `fedi_chapter.__main__`, and by the command line.
"""

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Let the garbage collector wait, and then leave what was loaded alone for good.

    Next to nothing that loading a thousand modules makes is garbage, and the collector would
    look through all of it again and again, for a tenth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def quiet_interrupts() -> Iterator[None]:
    """Let Ctrl-C just end the program: there is nothing to tidy up, and no list of files to show.

    Where it is ignored, as for a program in the background, it stays so.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
