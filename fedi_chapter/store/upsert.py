"""INSERT with ON CONFLICT, imported from one place for both databases.

Used by every file of this room that puts rows which may be there already. SQLite took the
grammar of ON CONFLICT over from PostgreSQL, and SQLAlchemy compiles PostgreSQL's clause for
both; the tests of this room run every statement on both.
"""

from sqlalchemy.dialects.postgresql import insert

__all__ = ["insert"]
