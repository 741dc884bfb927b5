"""A series that can't go on stops no other."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from fedi_chapter.deps import Deps
from fedi_chapter.domain.series import SeriesId
from fedi_chapter.services import series
from fedi_chapter.workers.schedule import publish_series

pytestmark = pytest.mark.anyio


async def test_a_series_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[SeriesId] = []

    def publish_next(tx: object, series_id: SeriesId) -> None:
        tried.append(series_id)
        if series_id == "broken":
            raise ZeroDivisionError

    async def do(work: Any) -> Any:
        return work(None)

    monkeypatch.setattr(series, "running", lambda tx: [SeriesId("broken"), SeriesId("sound")])
    monkeypatch.setattr(series, "publish_next", publish_next)
    await publish_series(cast(Deps, SimpleNamespace(db=SimpleNamespace(read=do, write=do))))
    assert tried == ["broken", "sound"]
