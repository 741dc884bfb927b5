"""Series by command line: begun, shown, changed from a date on, a day left out, ended."""

from tests.cli.conftest import Shell

EVENT = ("event", "create", "--name", "Open evening", "--start", "2099-01-06T19:00")


def test_a_series_is_begun_shown_changed_and_ended(shell: Shell) -> None:
    made = shell.told(*EVENT, "--rrule", "FREQ=MONTHLY;BYDAY=1TU")
    assert made["series"].startswith("https://chapter.example.org/series/")
    (listed,) = shell.told("series", "list")
    assert listed["id"] == made["series"]
    assert listed["words"] == "Every first Tuesday of the month"
    assert listed["ics"] == f"{made['series']}.ics"
    assert listed["dates"][0] == {
        "start": "2099-01-06T19:00",
        "event": made["id"],
        "status": "scheduled",
    }
    assert listed["dates"][1]["event"] is None
    skipped = shell.told("series", "skip", made["series"], "2099-02-03")
    assert skipped["skipped"] == ["2099-02-03"]
    assert [each["start"] for each in skipped["dates"][:2]] == [
        "2099-01-06T19:00",
        "2099-03-03T19:00",
    ]
    changed = shell.told(
        *("event", "edit", made["id"], "--following", "--start", "2099-01-07T20:00"),
        *("--rrule", "FREQ=MONTHLY;BYDAY=1WE"),
    )
    assert changed["start"] == "2099-01-07T20:00:00-05:00"
    shown = shell.told("series", "show", made["series"])
    assert shown["rule"] == "FREQ=MONTHLY;BYDAY=1WE"
    assert shown["begins"] == "2099-01-07T20:00:00"
    ended = shell.told("event", "cancel", made["id"], "--following", "--reason", "We move")
    assert ended["status"] == "cancelled"
    assert shell.told("series", "show", made["series"])["dates"] == []


def test_people_read_the_rule_and_the_next_dates(shell: Shell) -> None:
    made = shell.told(*EVENT, "--rrule", "FREQ=WEEKLY;COUNT=2")
    listed = shell.run("series", "list").output
    assert "Open evening  Every Tuesday, 2 times" in listed
    shown = shell.run("series", "show", made["series"]).output.splitlines()
    assert shown[-2:] == [f"2099-01-06T19:00  {made['id']}", "2099-01-13T19:00"]


def test_what_makes_no_sense_is_refused(shell: Shell) -> None:
    made = shell.told(*EVENT)
    assert made["series"] is None
    shell.refused(*EVENT, "--rrule", "FREQ=HOURLY")
    shell.refused("event", "edit", made["id"], "--rrule", "FREQ=WEEKLY", code=2)
    shell.refused("event", "edit", made["id"], "--name", "Party", "--following")
    shell.refused("event", "edit", made["id"], "--following")
    shell.refused("event", "cancel", made["id"], "--following")
    shell.refused("series", "show", "nonsense")
    shell.refused("series", "show", made["id"].rpartition("/")[2])
    series = shell.told(*EVENT, "--rrule", "FREQ=WEEKLY")["series"]
    shell.refused("series", "skip", series, "someday")
    shell.refused("series", "skip", series, "2099-01-07")
    shell.refused("series", "skip", series, "2099-01-06")
