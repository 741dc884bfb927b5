"""How long a test waits for what must happen.

It only ends a hang: far more than any machine needs, and below the limit of a whole test.
"""

PATIENCE = 200.0
"""Seconds."""
