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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "TRUSTED_PROXIES",
            "127.0.0.1 nope",
            "setting TRUSTED_PROXIES: nope is no address and no network such as 10.0.0.0/8",
        ),
        (
            "DATABASE_URL",
            "postgresql+asyncpg://sam:hunter2@127.0.0.1:abc/chapter",
            "setting DATABASE_URL: its port is a number from 1 to 65535",
        ),
        ("EXTRA_CA_FILE", "/nowhere.pem", "setting EXTRA_CA_FILE: there is no file /nowhere.pem"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_wrong_and_nothing_else(
    name: str, value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FEDI_CHAPTER_{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        load(tmp_path)
    assert caught.value.message == said


@pytest.mark.parametrize("written", ['"10.0.0.0/8, ::1"', '["10.0.0.0/8", "::1"]'])
def test_proxies_are_a_list_in_the_file_or_one_line(written: str, tmp_path: Path) -> None:
    (tmp_path / "chapter.toml").write_text(f"trusted_proxies = {written}\n")
    assert [str(each) for each in load(tmp_path).trusted_proxies] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize("address", ["code.example.org", "ftp://code.example.org", "https://"])
def test_the_source_code_is_found_at_an_address_of_the_web(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDI_CHAPTER_SOURCE_URL", address)
    with pytest.raises(SettingsInvalid, match="SOURCE_URL: the address of a page"):
        load(tmp_path)
