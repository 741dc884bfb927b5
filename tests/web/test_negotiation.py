"""Who gets a document and who a page."""

import pytest

from fedi_chapter.web.negotiate import names_activity, wants_activity, wants_page
from fedi_chapter.web.request_headers import RequestHeaders, read_headers

LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
AXIOS = "application/json, text/plain, */*"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def asking(accept: str | None, agent: str = "", language: str = "") -> RequestHeaders:
    said = {"accept": accept, "user-agent": agent, "accept-language": language}
    return read_headers((name.encode(), value.encode()) for name, value in said.items() if value)


@pytest.mark.parametrize(
    "accept",
    [
        "application/activity+json",
        "application/activity+json, application/ld+json",
        LD,
        f"{LD}, application/activity+json, text/html;q=0.1",
        "APPLICATION/ACTIVITY+JSON",
        "application/activity+json, text/html",
    ],
)
def test_other_servers_get_the_document(accept: str) -> None:
    for agent in ("", "SomeServer/1.0 (+https://b.test)", FIREFOX):
        assert wants_activity(asking(accept, agent, "en"))
        assert names_activity(asking(accept, agent))


@pytest.mark.parametrize(
    ("accept", "agent", "language"),
    [
        (AXIOS, "axios/1.7.2", ""),
        (AXIOS, FIREFOX, "en"),
        ("application/json", "", ""),
        ("application/json", "got (https://github.com/sindresorhus/got)", ""),
        ("application/json; charset=utf-8", "", ""),
        ("application/*", "", ""),
        ("application/json, text/html;q=0.5", "", ""),
        ("*/*", "python-requests/2.32.3", ""),
        ("*/*", "node", "*"),
        ("*/*", "curl/8.5.0", ""),
        ("*/*", "Go-http-client/2.0", ""),
        ("text/html;q=0, */*", "", ""),
        (None, "", ""),
        ("", "", ""),
        ("text/plain", "", ""),
    ],
)
def test_who_does_not_ask_for_html_gets_the_document(
    accept: str | None, agent: str, language: str
) -> None:
    assert wants_activity(asking(accept, agent, language))
    assert not names_activity(asking(accept, agent, language))


CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
SIMPLEPIE = (
    "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, text/html;q=0.7, unknown/unknown;q=0.1, */*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "agent", "language"),
    [
        (CHROME, FIREFOX, "en"),
        (CHROME, "", ""),
        (CHROME, "SomethingNew/1.0", "*"),
        ("text/html, */*; q=0.01", "", ""),
        ("TEXT/HTML", "", ""),
        ("text/*", "", ""),
        ("application/xhtml+xml", "", ""),
        ("text/html, application/json", "", ""),
        ("text/html, application/activity+json;q=0.5", "", ""),
        ("application/activity+json;q=0", "", ""),
        ("application/activity+json;q=banana", "", ""),
        ("*/*", FIREFOX, ""),
        ("image/gif, image/jpeg, */*", "Mozilla/4.0 (compatible; MSIE 8.0)", ""),
        ("image/avif,image/webp,*/*", FIREFOX, "en-US,en;q=0.5"),
        ("*/*", "Links (2.29; Linux 6.1 x86_64)", "en,*;q=0.1"),
        ("*/*", "SomeBrowser/1", "de"),
        ("text/*,image/*,*/*;q=0.2", "Dillo/3.1", ""),
        ("*/*", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", ""),
        (None, "facebookexternalhit/1.1", ""),
        ("*/*", "WhatsApp/2.23.20.0 A", ""),
        ("*/*", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", ""),
        ("*/*", "TelegramBot (like TwitterBot)", ""),
        ("*/*", "Twitterbot/1.0", ""),
        ("*/*", "LinkedInBot/1.0 (compatible; Mozilla/5.0)", ""),
        ("*/*", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", ""),
        ("*/*", "Synapse (bot; +https://github.com/matrix-org/synapse)", ""),
        ("*/*", "SkypeUriPreview Preview/0.5", ""),
        ("*/*", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", ""),
        (None, "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", ""),
        ("*/*", "Sogou web spider/4.0", ""),
        ("*/*", "NetNewsWire (RSS Reader; https://netnewswire.com/)", "en-us"),
        ("*/*", "Feedly/1.0 (+http://www.feedly.com/fetcher.html)", ""),
        ("*/*", "Feedbin feed-id:1 - 2 subscribers", ""),
        (SIMPLEPIE, "FreshRSS/1.26 (Linux; https://freshrss.org)", ""),
    ],
)
def test_people_and_what_shows_pages_to_people_get_the_page(
    accept: str | None, agent: str, language: str
) -> None:
    assert not wants_activity(asking(accept, agent, language))
    assert not names_activity(asking(accept, agent, language))


def test_an_accept_of_nothing_but_punctuation_is_one_of_anything() -> None:
    assert wants_activity(asking(";;;,,,q="))
    assert not wants_activity(asking(";;;,,,q=", FIREFOX))


def test_errors_are_explained_to_browsers_and_documented_to_programs() -> None:
    assert wants_page(asking("text/html,*/*;q=0.8"))
    for accept in (None, "*/*", "application/json", "application/activity+json"):
        assert not wants_page(asking(accept))
