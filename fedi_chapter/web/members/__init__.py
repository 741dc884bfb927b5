"""Pages for one person: the way in, what we hold of them, their own calendar."""
