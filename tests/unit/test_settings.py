"""Settings: what can't be used is refused before anything is opened."""

from pathlib import Path

import pytest

from fedi_chapter.core.errors import SettingsInvalid
from fedi_chapter.settings import load


@pytest.mark.parametrize(
    "address",
    [
        "https://chapter.example.org:abc",
        "https://chapter.example.org:99999",
        "https://sam:secret@chapter.example.org",
        "https://chapter.example.org?page=1",
        "https://chapter.example.org/#top",
        "https://chapter.example.org/blog",
        "https://[::1",
        "https://",
        "ftp://chapter.example.org",
        "chapter.example.org",
    ],
)
def test_what_is_no_origin_is_no_base_url(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDI_CHAPTER_BASE_URL", address)
    with pytest.raises(SettingsInvalid, match="BASE_URL"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://Chapter.Example.org/", "https://chapter.example.org"),
        ("https://chapter.example.org:443", "https://chapter.example.org"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://[::1]:8001/", "http://[::1]:8001"),
    ],
)
def test_an_origin_has_one_spelling(
    written: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDI_CHAPTER_BASE_URL", written)
    assert load(tmp_path).base_url == meant


def test_a_mail_server_is_read_once_and_its_password_shown_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "FEDI_CHAPTER_SMTP_URL", "smtps://sam:hunter2@mail.example.org?from=events@example.org"
    )
    settings = load(tmp_path)
    assert settings.smtp is not None
    assert (settings.smtp.port, settings.smtp.sender) == (465, "events@example.org")
    assert "hunter2" not in repr(settings)


def test_a_mail_server_that_can_not_be_one_stops_the_start_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDI_CHAPTER_SMTP_URL", "smtp://sam:hunter2@mail.example.org")
    with pytest.raises(SettingsInvalid, match="SMTP_URL") as caught:
        load(tmp_path)
    assert "?from=" in caught.value.message
    assert "hunter2" not in caught.value.message
