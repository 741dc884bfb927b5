"""Members' tables: registrations, sign-ins, sessions, feeds, and the list of what names people."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, ForeignKeyConstraint

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.member import Attempt, Member, OAuthApp
from fedi_chapter.store import (
    calendar_feeds,
    holdings,
    member_sessions,
    oauth_apps,
    remote_actors,
    sign_ins,
)
from fedi_chapter.store.holdings import HOLDINGS
from fedi_chapter.store.tables import metadata
from fedi_chapter.store.tx import Database, WriteTx
from tests.conftest import NOW
from tests.kit.builders import a_remote_actor

ANA, BEN = a_remote_actor(), a_remote_actor("ben")
DAY = timedelta(days=1)
APP = OAuthApp(
    issuer="https://social.example",
    client_id="id",
    secret_sealed=b"sealed",
    redirect_uri="https://chapter.example/sign-in/back/x",
    scope="profile",
    authorize_url="https://social.example/oauth/authorize",
    token_url="https://social.example/oauth/token",
    revoke_url="https://social.example/oauth/revoke",
    userinfo_url=None,
    checked_at=NOW,
)
NAMES_NO_PERSON = {
    "activities.uri": "an activity of ours",
    "activities.object_uri": "a thing of ours",
    "attendances.event_uri": "an event",
    "boosts.object_uri": "a post",
    "deliveries.object_uri": "a thing of ours",
    "mentions.owner_id": "a post of ours",
    "mentions.url": "the page of whom mentions.uri names",
    "neighbour_events.uri": "an event",
    "neighbour_posts.uri": "a post",
    "oauth_apps.redirect_uri": "an address of ours",
    "quotes.quote_uri": "a post",
    "quotes.target_uri": "a thing of ours",
    "reactions.object_uri": "a thing of ours",
    "replies.uri": "a post",
    "messages.uri": "a post",
    "tombstones.uri": "a thing that is gone",
    "unfilled_events.uri": "an event",
    "attachments.owner_id": "a thing of ours",
    "tags.owner_id": "a thing of ours",
}
"""Columns that look as if they named an actor of another server, and do not: with the reason."""
LOOKS = ("uri", "owner", "owner_id", "recipient", "reporter", "target", "author", "email", "mailto")
pytestmark = pytest.mark.anyio


def put_both(tx: WriteTx) -> None:
    for actor in (ANA, BEN):
        remote_actors.put(tx, actor)


def looks_personal(column: Column[object]) -> bool:
    points_at_actor = any(key.target_fullname == "remote_actors.uri" for key in column.foreign_keys)
    return points_at_actor or column.name in LOOKS or column.name.endswith(("_uri", "_email"))


def test_every_column_that_names_an_actor_is_in_the_list_of_what_we_hold() -> None:
    listed = {str(holding.column) for holding in HOLDINGS}
    personal = {
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if looks_personal(column)
    }
    others = {
        "local_actors.email": "the chapter's own",
        "rsvps.email": "kept of people without an account: their own page is the RSVP's",
    }
    assert personal - listed - set(NAMES_NO_PERSON) - set(others) == set()
    assert listed <= {str(column) for table in metadata.tables.values() for column in table.columns}
    assert len({holding.name for holding in HOLDINGS}) == len(HOLDINGS)


def test_a_table_that_points_at_actors_can_be_emptied_of_one() -> None:
    erased = {str(holding.column) for holding in HOLDINGS if holding.fate == "erased"}
    for table in metadata.tables.values():
        for constraint in table.constraints:
            if not isinstance(constraint, ForeignKeyConstraint):
                continue
            if constraint.referred_table.name == "remote_actors":
                (column,) = constraint.columns
                assert str(column) in erased | {"remote_keys.owner"}


async def test_a_registration_is_kept_once_a_server_and_replaced(db: Database) -> None:
    await db.write(lambda tx: oauth_apps.put(tx, APP))
    later = OAuthApp(**{**_facts(APP), "client_id": "new", "userinfo_url": "https://x.example/u"})
    await db.write(lambda tx: oauth_apps.put(tx, later))
    assert await db.read(lambda tx: oauth_apps.get(tx, APP.issuer)) == later
    assert await db.read(lambda tx: oauth_apps.get(tx, "https://other.example")) is None


def _facts(app: OAuthApp) -> dict[str, object]:
    return {name: getattr(app, name) for name in OAuthApp.__dataclass_fields__}


async def test_a_sign_in_is_used_once_by_its_own_browser_in_time(
    db: Database, clock: SetClock
) -> None:
    attempt = Attempt("https://social.example", "/me")

    def begin(tx: WriteTx) -> None:
        for state in ("one", "two"):
            sign_ins.begin(tx, state, "browser", attempt, until=tx.now + DAY)

    await db.write(begin)
    assert await db.write(lambda tx: sign_ins.use(tx, "one", "another")) is None
    assert await db.write(lambda tx: sign_ins.use(tx, "one", "browser")) == attempt
    assert await db.write(lambda tx: sign_ins.use(tx, "one", "browser")) is None
    assert await db.write(sign_ins.sweep) == 0
    clock.advance(DAY)
    assert await db.write(lambda tx: sign_ins.use(tx, "two", "browser")) is None
    assert await db.write(sign_ins.sweep) == 1


async def test_a_session_is_found_until_it_is_too_old_or_ended(
    db: Database, clock: SetClock
) -> None:
    def begin(tx: WriteTx) -> None:
        put_both(tx)
        for token, actor in (("a1", ANA), ("a2", ANA), ("b1", BEN)):
            member_sessions.insert(tx, token, actor.uri)

    await db.write(begin)

    async def found(token: str, days: int = 7) -> Member | None:
        got = await db.read(
            lambda tx: member_sessions.get(
                tx, token, begun_after=tx.now - days * DAY, seen_after=tx.now - DAY
            )
        )
        return got and got[0]

    ana = Member(ANA.uri, ANA.handle, ANA.name, ANA.url)
    assert await found("a1") == ana
    assert await found("none") is None
    assert await db.read(lambda tx: member_sessions.count(tx, ANA.uri)) == 2
    await db.write(lambda tx: member_sessions.remove(tx, "a2"))
    assert await found("a2") is None
    clock.advance(DAY)
    assert await found("a1") is None
    await db.write(lambda tx: member_sessions.touch(tx, "a1"))
    assert await found("a1") == ana
    assert await found("a1", days=1) is None
    before = clock.now() - DAY
    swept = await db.write(
        lambda tx: member_sessions.sweep(tx, begun_before=before - DAY, seen_before=before)
    )
    assert swept == 1  # ben's
    await db.write(lambda tx: remote_actors.mark_gone(tx, ANA.uri))
    assert await found("a1") is None
    await db.write(lambda tx: member_sessions.remove_all(tx, ANA.uri))
    assert await db.read(lambda tx: member_sessions.count(tx, ANA.uri)) == 0


async def test_a_feed_never_gets_an_old_turn_again(db: Database, clock: SetClock) -> None:
    await db.write(put_both)
    turns: list[int | None] = []
    for step in range(4):
        await db.write(lambda tx: calendar_feeds.renew(tx, ANA.uri))
        turns.append(await db.read(lambda tx: calendar_feeds.turn(tx, ANA.uri)))
        if step == 1:
            await db.write(lambda tx: holdings.erase(tx, ANA.uri))
            assert await db.read(lambda tx: calendar_feeds.turn(tx, ANA.uri)) is None
            clock.advance(timedelta(seconds=1))
    assert len(set(turns)) == 4
    assert await db.read(lambda tx: calendar_feeds.turn(tx, BEN.uri)) is None
