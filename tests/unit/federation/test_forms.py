"""Which form of an event software gets, by what it says of itself."""

import pytest

from fedi_chapter.federation.forms import (
    SHOWS_FACES,
    TAKES_EVENTS,
    Asker,
    Form,
    asked_form,
    asker,
    takes_events,
)
from fedi_chapter.settings import Settings


@pytest.mark.parametrize(
    ("agent", "software", "host"),
    [
        ("Mastodon/4.5.0 (http.rb/5.3.1; +https://m.example/)", "mastodon", "m.example"),
        ("gotosocial/0.20.1 (+https://g.example)", "gotosocial", "g.example"),
        ("Misskey/2025.10.0 (https://mk.example)", "misskey", "mk.example"),
        ("(Pixelfed/0.12.5; +https://px.example)", "pixelfed", "px.example"),
        ("Pleroma 2.9.1; https://pl.example <a@pl.example>", "pleroma", "pl.example"),
        ("Friendica 'Yellow' 2025.07; https://fr.example", "friendica", "fr.example"),
        ("Iceshrimp.NET/2025.1 (https://ice.example:8443)", "iceshrimp.net", "ice.example:8443"),
        ("curl/8.5.0", "curl", None),
        ("", None, None),
        ("+++ /// ;;;", None, None),
    ],
)
def test_software_and_host_are_read_from_a_user_agent(
    agent: str, software: str | None, host: str | None
) -> None:
    assert asker(agent) == Asker(software, host)


@pytest.mark.parametrize(
    ("agent", "signature", "host"),
    [
        ("node", 'keyId="https://m.example/users/a#main-key",signature="x"', "m.example"),
        ("", 'sig1=("@method");created=1;keyid="https://M.example:8443/actor#k"', "m.example:8443"),
        ("New/1 (+https://new.example)", 'keyId="https://m.example/a#k"', "new.example"),
        ("node", 'keyId="acct:a@m.example"', None),
        ("node", 'comment="https://m.example/"', None),
        ("node", f'keyId="{"x" * 5000}https://m.example/"', None),
    ],
)
def test_the_host_of_the_key_counts_where_a_user_agent_names_none(
    agent: str, signature: str, host: str | None
) -> None:
    assert asker(agent, signature).host == host


def test_only_the_beginning_of_a_long_user_agent_is_looked_at() -> None:
    assert asker("x" * 100_000 + " https://h.example") == Asker(None, None)


def test_no_software_is_in_both_lists() -> None:
    assert not TAKES_EVENTS & SHOWS_FACES


@pytest.mark.parametrize("software", sorted(TAKES_EVENTS))
def test_software_that_is_sent_events_is_given_them(software: str) -> None:
    settings = Settings()
    assert takes_events(settings, "h.example", software)
    for takes_pages in (True, False):
        assert asked_form(settings, Asker(software, "h.example"), takes_pages=takes_pages) is (
            Form.EVENT
        )


@pytest.mark.parametrize("software", sorted(SHOWS_FACES))
def test_software_that_is_sent_faces_is_given_them_when_it_looks_up_a_page(software: str) -> None:
    settings = Settings()
    assert not takes_events(settings, "h.example", software)
    assert asked_form(settings, Asker(software, "h.example"), takes_pages=True) is Form.FACE


def test_mastodon_gets_the_very_object_it_names_unless_it_would_take_a_page() -> None:
    mastodon = Asker("mastodon", "m.example")
    assert asked_form(Settings(), mastodon, takes_pages=False) is Form.EVENT


def test_of_unknown_software_only_the_database_can_tell_and_of_a_nobody_nothing() -> None:
    assert asked_form(Settings(), Asker("new", "h.example"), takes_pages=True) is None
    assert asked_form(Settings(), Asker("curl", None), takes_pages=True) is Form.EVENT
