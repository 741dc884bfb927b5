"""Statements that run with every activity, without the toll of building and wrapping them.

Used by the files of this room whose statements the inbox worker runs for each activity. SQLite
answers such a one in a few microseconds, and SQLAlchemy's way there and back takes sixty; so
there the compiled text goes straight to the driver, and errors are the driver's own. With
PostgreSQL the way over the network costs more than either: there SQLAlchemy executes. No
statement is written here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.types import TypeEngine

from fedi_chapter.store.sqlite import driver
from fedi_chapter.store.tx import ReadTx, WriteTx

Row = Mapping[Any, Any]
Convert = Callable[[Any], Any]

_SQLITE = sqlite_dialect(paramstyle="named")


class Prepared:
    """One constant statement with named parameters; not for an IN with a list that grows.

    Every column it returns has a name. `given` are the columns of an INSERT without VALUES.
    """

    def __init__(self, statement: Any, *, given: Iterable[str] = ()) -> None:
        self._statement, self._given = statement, tuple(given)

    def rows(self, tx: ReadTx, **values: object) -> Sequence[Row]:
        """Run it and return all its rows."""
        if not _is_sqlite(tx.conn):
            return tx.conn.execute(self._statement, values).mappings().all()
        own = self._own
        found = driver(tx.conn).execute(own.text, own.bound(values)).fetchall()
        return [own.row(each) for each in found]

    def first(self, tx: ReadTx, **values: object) -> Row | None:
        """Run it and return its first row, None when there is none."""
        rows = self.rows(tx, **values)
        return rows[0] if rows else None

    def one(self, tx: ReadTx, **values: object) -> Row:
        """Run it where it returns a row in any case."""
        return self.rows(tx, **values)[0]

    def run(self, tx: WriteTx, **values: object) -> None:
        """Run it where it returns no rows."""
        if _is_sqlite(tx.conn):
            driver(tx.conn).execute(self._own.text, self._own.bound(values))
        else:
            tx.conn.execute(self._statement, values)

    @cached_property
    def _own(self) -> "_ForSqlite":
        return _ForSqlite(self._statement, self._given)


class _ForSqlite:
    """A statement in SQLite's words, its constants, and how values go in and come out."""

    def __init__(self, statement: Any, given: Sequence[str]) -> None:
        compiled = statement.compile(dialect=_SQLITE, column_keys=given or None)
        if compiled.post_compile_params:
            raise TypeError(f"the text of this statement is not constant: {compiled}")
        self.text = str(compiled)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        inward = {name: _impl(bind.type).bind_processor(_SQLITE) for name, bind in binds.items()}
        self._inward = _only_real(inward)
        constants = {name: bind.value for name, bind in binds.items() if not bind.required}
        defaults = {column.key: column.default.arg for column in compiled.insert_prefetch}
        self._constants: Mapping[str, Any] = {}
        self._constants = self.bound({**constants, **defaults})  # converted like all others
        columns = {column.name: column.type for column in statement.exported_columns}
        self._names = tuple(columns)
        self._outward = _only_real(
            {name: _impl(type_).result_processor(_SQLITE, None) for name, type_ in columns.items()}
        )

    def bound(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return all parameters as SQLite takes them."""
        for name, convert in self._inward:
            if name in values:
                values[name] = convert(values[name])
        return {**self._constants, **values}

    def row(self, found: Sequence[Any]) -> Row:
        """Return a row as Python takes it."""
        row = dict(zip(self._names, found, strict=True))
        for name, convert in self._outward:
            row[name] = convert(row[name])
        return row


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


def _impl(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    return type_.dialect_impl(_SQLITE)


def _only_real(converters: Mapping[str, Convert | None]) -> Sequence[tuple[str, Convert]]:
    """Return the converters that have something to do: most types are stored as they are."""
    return [(name, convert) for name, convert in converters.items() if convert is not None]
