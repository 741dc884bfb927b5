"""Who may act for the chapter, by command."""

import pytest

from tests.cli.conftest import Shell


def test_an_invitation_gives_a_link_and_names_who_it_is_for(shell: Shell) -> None:
    told = shell.told("organizer", "invite", "--role", "moderator")
    assert told["url"].startswith("https://chapter.example.org/sign-in?token=")
    assert (told["name"], told["role"]) == ("Moderator", "moderator")
    again = shell.told("organizer", "invite", "--name", "Moderator")
    assert (again["name"], again["role"]) == ("Moderator", "moderator")
    assert again["url"] != told["url"]


def test_organizers_are_listed_until_they_are_removed(shell: Shell) -> None:
    shell.told("organizer", "invite", "--role", "greeter", "--name", "Ana")
    listed = shell.told("organizer", "list")
    assert [(each["name"], each["role"]) for each in listed] == [
        ("Organizer", "owner"),
        ("Ana", "greeter"),
    ]
    assert shell.told("organizer", "remove", "Ana") == {"name": "Ana", "removed": True}
    assert [each["name"] for each in shell.told("organizer", "list")] == ["Organizer"]
    assert "organizer list" in shell.refused("organizer", "remove", "Ana")


def test_somebody_new_needs_a_role(shell: Shell) -> None:
    assert "--role" in shell.refused("organizer", "invite", "--name", "Ana")
    shell.refused("organizer", "invite", code=2)


@pytest.mark.parametrize("role", ["king", "Owner", ""])
def test_a_role_nobody_has_is_wrong_usage(shell: Shell, role: str) -> None:
    shell.refused("organizer", "invite", "--role", role, code=2)


def test_people_read_whom_the_link_is_for(shell: Shell) -> None:
    result = shell.run("organizer", "invite", "--role", "organizer", "--name", "Ana")
    assert result.exit_code == 0
    assert "Ana (organizer) signs in here" in result.stdout
    assert "owner      Organizer" in shell.run("organizer", "list").stdout
    assert "no longer an organizer: Ana" in shell.run("organizer", "remove", "Ana").stdout
