"""What is done by the clock: old rows and pictures go, hosts are asked what they run, series go on.

A start after a long silence is told to the others first.

Run by the supervisor. Expired leases need nothing: a queue takes them up by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from fedi_chapter.core.log import because, get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.federation import bare_events, departures, learning
from fedi_chapter.media import images
from fedi_chapter.services import comeback, door, reminders, retention, series, zone_rules
from fedi_chapter.store import foreign_words, media
from fedi_chapter.workers.bell import Bell

log = get_logger(__name__)

TICK = 5.0
"""Seconds between two looks at the clock."""
AT_ONCE = 500
"""Actors forgotten in one transaction."""
YOUNG = timedelta(hours=1)
"""A picture's file may lie there so long before its row is written."""


@dataclass(slots=True)
class Task:
    """Something to do every so often; for the first time a while after the start."""

    name: str
    every: timedelta
    do: Callable[[Deps], Awaitable[None]]


TASKS = (
    Task("sweep", timedelta(hours=1), lambda deps: _sweep(deps)),
    Task("forget attendees", timedelta(hours=1), lambda deps: _forget_attendees(deps)),
    Task("tidy pictures", timedelta(hours=1), lambda deps: _tidy_pictures(deps)),
    Task("series", timedelta(minutes=10), lambda deps: publish_series(deps)),
    Task("remind", timedelta(minutes=5), lambda deps: _remind(deps)),
    Task("no-shows", timedelta(minutes=30), lambda deps: _mark_no_shows(deps)),
    Task("learn hosts", timedelta(seconds=10), learning.learn_followers_hosts),
    Task("fill events", timedelta(seconds=10), bare_events.fill_due),
    Task("departed", timedelta(minutes=10), departures.forget_departed),
    Task("zone rules", timedelta(days=1), lambda deps: follow_zone_rules(deps)),
    Task("judge words", timedelta(minutes=10), lambda deps: judge_words(deps)),
)


async def run(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    """Do what is due until `stop` is set; a task that fails is done again at its next turn."""
    await deps.db.write(comeback.announce)
    await deps.db.write(lambda tx: learning.apply_wishes(tx, deps.settings))
    await follow_zone_rules(deps)
    await judge_words(deps)
    due = {task.name: deps.clock.now() + task.every for task in TASKS}
    while not stop.is_set():
        for task in TASKS:
            if deps.clock.now() >= due[task.name]:
                due[task.name] = deps.clock.now() + task.every
                await _do(deps, task)
        await bell.wait(TICK)


async def _do(deps: Deps, task: Task) -> None:
    try:
        await task.do(deps)
    except Exception as error:
        log.error("scheduled task failed", task=task.name, **because(error))


async def _sweep(deps: Deps) -> None:
    swept = await deps.db.write(lambda tx: retention.sweep(tx, deps.urls))
    log.info("swept", **swept, strangers=await _forget_strangers(deps))


async def _forget_attendees(deps: Deps) -> None:
    """Forget who came to what is over long enough, some at a time: answers need not wait."""
    after, gone = timedelta(days=deps.settings.attendee_days), 0
    while some := await deps.db.write(lambda tx: retention.forget_attendees(tx, after)):
        gone += some
    log.info("attendees forgotten", rows=gone)


async def _remind(deps: Deps) -> None:
    put = await deps.db.write(reminders.put_due)
    if put:
        log.info("reminders and thanks put", notices=put)


async def _mark_no_shows(deps: Deps) -> None:
    marked = await deps.db.write(door.mark_no_shows)
    if marked:
        log.info("no-shows marked", people=marked)


async def _forget_strangers(deps: Deps) -> int:
    """Forget actors met once, some at a time: what comes in meanwhile need not wait."""
    found, gone = await deps.db.read(retention.strangers), 0
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        gone += await deps.db.write(lambda tx, some=some: retention.forget_strangers(tx, some))  # type: ignore[misc]
    return gone


async def _tidy_pictures(deps: Deps) -> None:
    """Take away the pictures of what is deleted, and those that were replaced."""
    forgotten = await deps.db.write(media.forget_unused)
    kept = await deps.db.read(media.names)
    before = deps.clock.now() - YOUNG
    files = await asyncio.to_thread(images.tidy, deps.settings.media_dir, kept, before)
    log.info("pictures tidied", forgotten=forgotten, files=files)


async def follow_zone_rules(deps: Deps) -> None:
    """Keep the hours of events to come where the rules of their zone are new on this machine."""
    ZoneInfo.clear_cache()
    changed = await deps.db.write(zone_rules.apply)
    if changed:
        log.info("rules of time zones changed", events=changed)


async def judge_words(deps: Deps) -> None:
    """Make what is shown of others' words anew where an older rule made it, some at a time."""
    made = 0
    while found := await deps.db.read(foreign_words.unjudged):
        for words in found:
            columns = await asyncio.to_thread(foreign_words.judged, words)
            await deps.db.write(
                lambda tx, of=words, to=columns: foreign_words.put_judged(tx, of, to)  # type: ignore[misc]
            )
        made += len(found)
    if made:
        log.info("words judged", rows=made)


async def publish_series(deps: Deps) -> None:
    """Publish the next event of each series that is due for one; one that fails stops no other."""
    for series_id in await deps.db.read(series.running):
        try:
            made = await deps.db.write(lambda tx, of=series_id: series.publish_next(tx, of))  # type: ignore[misc]
        except Exception:
            log.exception("series stands still", series=series_id)
        else:
            log.info("series goes on", series=series_id, made=made.id if made else None)
