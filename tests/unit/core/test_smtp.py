"""A mail server's address: what is meant, what is refused, and that no error tells the secret."""

import pytest

from fedi_chapter.core.smtp import SmtpServer, is_mail_address, parse_smtp_url


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            "smtp://mail.example.org?from=events@example.org",
            SmtpServer("mail.example.org", 587, "events@example.org", is_tls=False),
        ),
        (
            "smtps://sam:p%40ss%2F%3A@mail.example.org?from=events%40example.org",
            SmtpServer("mail.example.org", 465, "events@example.org", True, "sam", "p@ss/:"),
        ),
        (
            "smtp://127.0.0.1:2525/?from=a@b.example",
            SmtpServer("127.0.0.1", 2525, "a@b.example", is_tls=False),
        ),
    ],
)
def test_an_address_says_where_and_as_whom(written: str, meant: SmtpServer) -> None:
    assert parse_smtp_url(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "mail.example.org",
        "http://mail.example.org?from=a@b.example",
        "smtp://?from=a@b.example",
        "smtp://mail.example.org",
        "smtp://mail.example.org?from=Events <a@b.example>",
        "smtp://mail.example.org?from=a@b.example%0d%0aBcc:c@d.example",
        "smtp://mail.example.org?from=a@b.example&tls=no",
        "smtp://sam@mail.example.org?from=a@b.example",
        "smtp://mail.example.org/box?from=a@b.example",
        "smtp://mail.example.org:99999?from=a@b.example",
        "smtp://sam:hunter2/x@mail.example.org?from=a@b.example",
        "smtp://sam:hunter2#@mail.example.org?from=a@b.example",
        "smtp://[::1?from=a@b.example",
    ],
)
def test_what_is_none_is_refused_with_the_way_to_write_it(written: str) -> None:
    with pytest.raises(ValueError, match=r"smtp://user:password@mail\.example\.org") as caught:
        parse_smtp_url(written)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_shows_its_password_to_nobody() -> None:
    assert "hunter2" not in repr(parse_smtp_url("smtp://sam:hunter2@localhost?from=a@b.example"))


def test_a_password_needs_tls_except_on_this_machine() -> None:
    def needs_tls(host: str) -> bool:
        return parse_smtp_url(f"smtp://sam:secret@{host}?from=a@b.example").needs_tls

    assert [needs_tls(each) for each in ("localhost", "127.0.0.1", "[::1]", "10.0.0.1")] == [
        False,
        False,
        False,
        True,
    ]


def test_an_address_is_one_word_with_one_at() -> None:
    assert is_mail_address("ana.b+events@mail.example.org")
    assert not any(map(is_mail_address, ["a", "a@", "a@b@c", "a b@c", "<a@b>", "a@b\n", "é@b"]))
