"""What SQLAlchemy learns of a statement, kept for the whole session of tests.

A server compiles each of its statements once in its life. A test opens a database of its own,
and would compile all of them anew: that was a third of its time. Called by `tests/conftest.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Dialect, event

from fedi_chapter.store import postgres, sqlite


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all engines of a kind share one dialect and one cache of compiled statements."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "create_engine", _sharing(sqlite.create_engine))
        patch.setattr(postgres, "create_async_engine", _sharing(postgres.create_async_engine))
        yield


def _sharing(create: Callable[..., Any]) -> Callable[..., Any]:
    compiled: dict[Any, Any] = {}
    dialects: list[Dialect] = []

    def create_engine(*words: Any, **options: Any) -> Any:
        made = create(*words, **options)
        engine = getattr(made, "sync_engine", made)
        engine.update_execution_options(compiled_cache=compiled)
        if dialects:
            engine.dialect = dialects[0]  # statements are kept by it, too
        else:
            # Only a dialect that has asked its server for the version can be handed on.
            event.listen(engine, "first_connect", lambda *_: dialects.append(engine.dialect))
        return made

    return create_engine
