"""What others wrote, on our pages: short, harmless, and made ready before anybody asks."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from sqlalchemy import update

from fedi_chapter.core import html as core_html
from fedi_chapter.core.html import RULE
from fedi_chapter.core.markup import Tag
from fedi_chapter.deps import Deps
from fedi_chapter.domain.neighbour import NeighbourPost
from fedi_chapter.domain.post import Post
from fedi_chapter.store import foreign_words, neighbours, posts, replies
from fedi_chapter.store.tables import neighbour_posts
from fedi_chapter.store.tables import replies as reply_table
from fedi_chapter.store.tx import Database, WriteTx
from fedi_chapter.workers.schedule import judge_words
from tests.kit.neighbourhood import NOW, URLS, WESTVIEW, a_post, a_reply, post_id

pytestmark = pytest.mark.anyio

POST = URLS.post(post_id(1))
PATH = f"/posts/{post_id(1)}"
FLOOD = "<p>" + "".join(f'<b class="x{number}">' for number in range(90)) + "</p><p>mine</p>" * 900
LONG = "&" * 1_900  # five bytes each where it stands in an address
BEARABLE = 300_000


async def shown(browser: httpx.AsyncClient, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return answer.text


def many(number: int, html: str, **changes: object) -> list[replies.Reply]:
    return [
        a_reply(100 + index, POST, html, published_at=NOW - timedelta(hours=200 - index), **changes)
        for index in range(number)
    ]


async def put(db: Database, *said: replies.Reply) -> None:
    def work(tx: WriteTx) -> None:
        for each in said:
            replies.put(tx, each)

    await db.write(work)


@pytest.mark.parametrize(
    "html", [FLOOD, "<" * 20_000, "<p>" + "茶" * 20_000, FLOOD.replace("b", "i")]
)
async def test_a_hundred_long_replies_make_no_page_that_is_long(
    browser: httpx.AsyncClient, sqlite_db: Database, html: str
) -> None:
    url = f"https://social.example.com/{LONG}"
    await put(sqlite_db, *many(100, html, url=url, warning="w" * 500))
    page = await shown(browser, PATH)
    assert page.count('class="reply ') == 20
    assert len(page.encode()) < BEARABLE


async def test_replies_are_turned_over_page_by_page_with_our_own_among_them(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    said = many(43, "<p>x</p>")
    said = [replace(each, html=f"<p>number-{index}-</p>") for index, each in enumerate(said)]
    own: Post = a_post(
        9, "<p>number-own-</p>", in_reply_to=POST, published_at=said[20].published_at
    )
    await put(sqlite_db, *said)
    await sqlite_db.write(lambda tx: posts.insert(tx, own))
    found: list[str] = []
    path: str | None = PATH
    while path is not None:
        page = await shown(browser, path)
        assert page.count('class="reply ') <= 20
        found += re.findall(r"number-(\w+)-", page)
        later = re.search(r'rel="next" href="([^"]+)#talk"', page)
        path = later[1] if later else None
    numbers = [str(index) for index in range(43)]
    assert [each for each in found if each != "own"] == numbers
    assert found.index("own") in {20, 21}


@pytest.mark.parametrize("number", ["0", "-1", "x", "²", "999999999999999999999", "51", "1e3", ""])
async def test_a_page_of_replies_that_is_none_is_answered_all_the_same(
    browser: httpx.AsyncClient, number: str
) -> None:
    answer = await browser.get(PATH, params={"replies": number})
    assert answer.status_code == 200


async def test_a_long_reply_is_shown_in_short_with_the_way_to_the_rest(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await put(sqlite_db, a_reply(7, POST, "<p>" + "word " * 900 + "end</p>"))
    page = await shown(browser, PATH)
    assert "word…" in page
    assert "end</p>" not in page
    assert "Read it all at social.example.com" in page


@pytest.fixture
def worked_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All markup that is looked at from now on."""
    seen: list[str] = []

    def spied(html: str) -> Iterator[str | Tag]:
        seen.append(html)
        return tokens(html)

    tokens = core_html.tokens
    monkeypatch.setattr(core_html, "tokens", spied)
    return seen


async def test_nothing_foreign_is_worked_on_while_a_page_is_answered(
    browser: httpx.AsyncClient, sqlite_db: Database, worked_on: list[str]
) -> None:
    note = NeighbourPost(
        "https://w.example/9", WESTVIEW, "<p>THEIRS</p>", NOW, "https://w.example/9"
    )
    await put(sqlite_db, a_reply(7, POST, "<p>THEIRS</p>"))
    await sqlite_db.write(lambda tx: neighbours.put_post(tx, note))
    assert any("THEIRS" in each for each in worked_on)
    worked_on.clear()
    for path in (PATH, "/"):
        assert "THEIRS" in await shown(browser, path)
    assert not any("THEIRS" in each for each in worked_on)


async def test_what_an_older_rule_made_is_not_shown_and_made_anew_in_the_background(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await put(sqlite_db, a_reply(7, POST, "<p>Fine <script>no()</script>words</p>"))

    def grow_old(tx: WriteTx) -> None:
        tx.conn.execute(update(reply_table).values(rule=RULE - 1, body="<script>old()</script>"))
        tx.conn.execute(update(neighbour_posts).values(rule=RULE - 1, excerpt="old words"))

    await sqlite_db.write(grow_old)
    page, home = await shown(browser, PATH), await shown(browser, "/")
    assert "old()" not in page
    assert "Read it all at social.example.com" in page
    assert "old words" not in home
    await judge_words(cast(Deps, SimpleNamespace(db=sqlite_db)))
    assert "<p>Fine words</p>" in await shown(browser, PATH)
    assert "Our tool library is open again!" in await shown(browser, "/")
    assert await sqlite_db.read(foreign_words.unjudged) == []


async def test_words_that_changed_while_they_were_judged_stay_as_they_are_now(
    sqlite_db: Database, browser: httpx.AsyncClient
) -> None:
    await put(sqlite_db, a_reply(7, POST, "<p>before</p>"))
    await sqlite_db.write(lambda tx: tx.conn.execute(update(reply_table).values(rule=0)))
    found = await sqlite_db.read(foreign_words.unjudged)
    await put(sqlite_db, a_reply(7, POST, "<p>after</p>"))
    for words in found:
        await sqlite_db.write(
            lambda tx, of=words: foreign_words.put_judged(tx, of, foreign_words.judged(of))  # type: ignore[misc]
        )
    page = await shown(browser, PATH)
    assert "after" in page
    assert "before" not in page


async def test_a_warning_stands_before_the_words_of_others(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    note = NeighbourPost(
        "https://w.example/9",
        WESTVIEW,
        "<p>Theirs</p>",
        NOW,
        "https://w.example/9",
        warning="News <b>hard</b> to bear",
    )
    await put(sqlite_db, a_reply(7, POST, "<p>A spider!</p>", warning="Spiders"))
    await sqlite_db.write(lambda tx: neighbours.put_post(tx, note))
    page, home = await shown(browser, PATH), await shown(browser, "/")
    assert re.search(r"<details[^>]*><summary><bdi>Spiders</bdi></summary>\s*<div", page)
    assert re.search(r"A spider!.*?</details>", page, re.DOTALL)
    assert "<summary><bdi>News &lt;b&gt;hard&lt;/b&gt; to bear</bdi></summary>" in home


async def test_our_own_words_stand_behind_their_warning_on_every_page(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    post = a_post(9, "<p>Eight legs</p>", warning="Spiders", tags=("zoo",), published_at=NOW)
    answer = replace(a_post(8, "<p>Ten legs</p>", in_reply_to=POST), warning="Crabs")
    await sqlite_db.write(lambda tx: [posts.insert(tx, each) for each in (post, answer)])
    for path in (f"/posts/{post.id}", "/", "/tags/zoo"):
        page = await shown(browser, path)
        before, _, behind = page.partition("Eight legs")
        assert "Eight legs" not in behind, path
        hidden = r"<details[^>]*><summary[^>]*>Spiders</summary>(?!.*</details>)"
        assert re.search(hidden, before, re.DOTALL), path
    page = await shown(browser, PATH)
    assert re.search(r"<summary><bdi>Crabs</bdi></summary>\s*<div[^>]*><p>Ten legs", page)
