"""What an organizer asks of those who come: until when, counted or by name, what to bring."""

from tests.cli.conftest import Shell

NEW = ("--name", "Tea for all", "--start", "2099-05-01T19:00", "--timezone", "UTC")


def test_an_event_asks_who_comes_unless_it_is_told_not_to(shell: Shell) -> None:
    made = shell.told("event", "create", *NEW)
    assert (made["rsvp"], made["poll"]) == ("on", ["Going", "Maybe", "Can't come"])
    quiet = shell.told("event", "create", *NEW, "--rsvp", "off")
    assert (quiet["rsvp"], quiet["poll"]) == ("off", [])


def test_the_terms_of_an_event_are_given_shown_and_changed(shell: Shell) -> None:
    terms = ("--rsvp-until", "2099-04-30T12:00", "--count-only", "--bring", "a cup")
    event = shell.told("event", "create", *NEW, *terms)["id"]
    shown = shell.told("event", "show", event)
    assert shown["rsvp_until"] == "2099-04-30T12:00:00+00:00"
    assert (shown["count_only"], shown["bring"]) == (True, "a cup")
    changed = shell.told("event", "edit", event, "--rsvp-until", "", "--bring", "")
    assert (changed["rsvp_until"], changed["bring"], changed["count_only"]) == (None, None, True)


def test_a_published_event_can_not_begin_to_keep_names(shell: Shell) -> None:
    event = shell.told("event", "create", *NEW, "--count-only")["id"]
    assert "can't change" in shell.refused("event", "edit", event, "--no-count-only")


def test_nobody_can_answer_when_the_event_is_over(shell: Shell) -> None:
    late = ("--rsvp-until", "2099-05-02T12:00")
    assert "when the event is over" in shell.refused("event", "create", *NEW, *late)


def test_whole_days_are_given_and_told_as_days(shell: Shell) -> None:
    days = ("--start", "2099-05-01", "--end", "2099-05-03", "--all-day")
    event = shell.told("event", "create", "--name", "Fair", "--timezone", "Asia/Tokyo", *days)
    assert (event["all_day"], event["start"], event["end"]) == (True, "2099-05-01", "2099-05-03")
    moved = shell.told("event", "edit", event["id"], "--start", "2099-06-01")
    assert (moved["start"], moved["end"]) == ("2099-06-01", "2099-06-03")
    assert "--all-day" in shell.refused(
        "event", "create", "--name", "Fair", "--start", "2099-05-01"
    )


def test_plans_that_change_are_told_by_their_status(shell: Shell) -> None:
    event = shell.told("event", "create", *NEW)["id"]
    assert shell.told("event", "show", event)["status"] == "scheduled"
    assert shell.told("event", "cancel", event)["status"] == "cancelled"
    assert shell.told("event", "reopen", event)["status"] == "scheduled"
    shell.refused("event", "reopen", event)
    off = shell.told("event", "postpone", event, "--reason", "Rain")
    assert (off["status"], off["cancel_reason"]) == ("postponed", "Rain")
    moved = shell.told("event", "postpone", event, "--start", "2099-06-01T19:00")
    assert (moved["status"], moved["start"]) == ("scheduled", "2099-06-01T19:00:00+00:00")
    assert moved["previous_start"] == "2099-05-01T19:00:00+00:00"


def test_an_event_is_duplicated_as_a_draft_with_a_new_date(shell: Shell) -> None:
    event = shell.told("event", "create", *NEW, "--bring", "a cup")
    copy = shell.told("event", "duplicate", event["id"], "--start", "2099-07-01T19:00")
    assert copy["id"] != event["id"]
    assert (copy["status"], copy["start"]) == ("draft", "2099-07-01T19:00:00+00:00")
    assert (copy["name"], copy["bring"]) == (event["name"], "a cup")
    assert shell.told("event", "publish", copy["id"])["status"] == "scheduled"


def test_an_event_that_has_been_is_written_down(shell: Shell) -> None:
    been = ("--name", "First tea", "--start", "2020-05-01T19:00")
    assert "--past" in shell.refused("event", "create", *been)
    assert shell.told("event", "create", *been, "--past")["rsvp"] == "off"
    shell.refused("event", "create", *NEW, "--past")
    shell.refused("event", "create", *been, "--past", "--rrule", "FREQ=WEEKLY", code=2)
    draft = shell.told("event", "create", *been, "--draft")["id"]
    shell.refused("event", "publish", draft)
    assert shell.told("event", "publish", draft, "--past")["status"] == "scheduled"


def test_events_are_listed_in_the_order_of_their_dates(shell: Shell) -> None:
    for day in ("2099-06-01T10:00", "2099-04-01T10:00", "2099-05-01T10:00"):
        shell.told("event", "create", "--name", f"Tea {day}", "--start", day)
    draft = ("--name", "Tea some day", "--start", "2020-01-01T10:00", "--draft")
    shell.told("event", "create", *draft)
    starts = [each["start"][:7] for each in shell.told("event", "list")]
    assert starts == ["2020-01", "2099-04", "2099-05", "2099-06"]
