"""Pictures: taken in, re-encoded in a process of their own, stored under random names."""
