"""The language of a page is its reader's, where we have words in it."""

import re
from dataclasses import replace

import httpx
import pytest

from fedi_chapter.core.i18n import languages
from fedi_chapter.store import local_actors
from tests.kit.guests import OURS, PATH, House
from tests.kit.inviting import PICNIC
from tests.kit.neighbourhood import CHAPTER

pytestmark = pytest.mark.anyio
ENGLISH, SPANISH = "Are you coming?", "¿Vienes?"


async def seen(house: House, accepted: str | None, path: str = PATH) -> str:
    """Return the page as a browser of that language gets it."""
    headers = {} if accepted is None else {"Accept-Language": accepted}
    answer = await house.browser.get(path, headers=headers)
    return answer.text


def tongue(html: str) -> str:
    found = re.search(r'<html lang="([\w-]+)"', html)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("de-DE, es;q=0.4, en;q=0.5", "en"),
        ("fr, es;q=0.1", "es"),
        ("ES-mx", "es"),
        ("es;q=0, en;q=0.1", "en"),
        ("es;q=lots", "en"),
        ("de", "en"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
        ("es" * 4000, "en"),
        ("x,y;q=;;,;q=1, es;q=0.3", "es"),
    ],
)
async def test_a_visitor_reads_their_language_where_there_are_words_in_it(
    house: House, accepted: str | None, language: str
) -> None:
    html = await seen(house, accepted)
    assert tongue(html) == language
    assert {"en": ENGLISH, "es": SPANISH}[language] in html


async def test_a_spanish_chapter_speaks_english_to_those_who_ask_for_it(house: House) -> None:
    spanish = replace(CHAPTER, language="es-MX")
    await house.deps.db.write(lambda tx: local_actors.change(tx, spanish))
    assert tongue(await seen(house, None)) == "es-MX"
    assert tongue(await seen(house, "es-AR")) == "es-MX"
    assert tongue(await seen(house, "en-GB")) == "en"


async def test_what_the_chapter_says_is_marked_as_its_own_language(house: House) -> None:
    html = await seen(house, "es", "/")
    assert '<h1 class="display p-name" lang="en"' in html
    assert '<div class="lede p-note" lang="en"' in html


@pytest.mark.parametrize("path", ["/", "/calendar", "/about", "/follow", PATH, "/nowhere"])
async def test_caches_between_us_and_the_visitor_keep_languages_apart(
    house: House, path: str
) -> None:
    vary = (await house.browser.get(path)).headers["vary"]
    assert {"Accept", "Accept-Language", "Cookie"} <= {name.strip() for name in vary.split(",")}


async def test_what_a_visitor_reads_is_not_asked_of_a_document(house: House) -> None:
    headers = {"Accept": "application/activity+json", "Accept-Language": "es"}
    assert (await house.browser.get("/", headers=headers)).headers["location"].endswith("/chapter")


async def test_readers_of_one_language_share_an_answer_and_others_never_get_it(
    house: House,
) -> None:
    async def get(accepted: str) -> tuple[str, bool]:
        answer = await house.browser.get("/", headers={"Accept-Language": accepted})
        return tongue(answer.text), "x-request-id" in answer.headers

    assert await get("es-MX,es;q=0.9") == ("es", True)
    assert await get("en") == ("en", True)
    assert await get("es-AR, en;q=0.2") == ("es", False)
    assert await get("en-GB") == ("en", False)


async def test_who_names_languages_on_two_lines_is_read_once_and_never_kept(
    house: House,
) -> None:
    for lines in (("en", "es"), ("es", "en")):
        headers = [("Accept-Language", line) for line in lines]
        answer = await house.browser.get(PATH, headers=headers)
        assert tongue(answer.text) == lines[0]
        assert tongue(await seen(house, lines[1])) == lines[1]


# -- the switch ----------------------------------------------------------------------------


async def choose(house: House, language: str, path: str = PATH, **headers: str) -> httpx.Response:
    return await house.browser.post(
        "/language", data={"language": language, "next": path}, headers={**OURS, **headers}
    )


async def test_a_visitor_chooses_a_language_and_keeps_it_on_every_page(house: House) -> None:
    page = await seen(house, "en")
    assert re.search(r'<button[^>]* value="es" lang="es">Español</button>', page)
    answer = await choose(house, "es")
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    for path in (PATH, "/", "/about", "/nowhere"):
        assert tongue(await seen(house, "en", path)) == "es"
    await choose(house, "en")
    assert tongue(await seen(house, "es")) == "en"


async def test_who_chose_a_language_is_still_answered_from_memory(house: House) -> None:
    await choose(house, "es")
    assert "x-request-id" in (await house.browser.get("/")).headers
    assert "x-request-id" not in (await house.browser.get("/")).headers
    house.browser.cookies.set("__Host-member", "somebody")
    assert "x-request-id" in (await house.browser.get("/")).headers


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "/%2F/evil", "//evil.example", "/\\evil", "x", ""]
)
async def test_the_switch_leads_to_pages_of_ours_only(house: House, path: str) -> None:
    assert (await choose(house, "es", path)).headers["location"] == "/"


async def test_another_site_can_not_switch_the_language(house: House) -> None:
    answer = await choose(house, "es", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("language", ["de", "", "../x", "es\r\nX: y"])
async def test_a_language_without_words_can_not_be_chosen(house: House, language: str) -> None:
    answer = await choose(house, language)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


async def test_the_answer_of_somebody_is_written_to_in_the_language_they_chose(
    house: House,
) -> None:
    await choose(house, "es")
    await house.answer(PICNIC, name="Inés")
    (ines,) = await house.everyone(PICNIC)
    assert ines.language == "es"


def test_every_catalogue_can_be_chosen() -> None:
    assert languages() == ("en", "es")


async def test_the_switch_leads_back_to_what_the_page_was_about(house: House) -> None:
    about = "/follow?object=https%3A%2F%2Feastside.example.org%2Fposts%2F1"
    html = await seen(house, "en", f"{about}&utm_source=x")
    found = re.search(
        r'action="/language">\s*<input type="hidden" name="next" value="([^"]+)"', html
    )
    assert found
    assert found[1] == about
    assert (await choose(house, "es", about)).headers["location"] == about
