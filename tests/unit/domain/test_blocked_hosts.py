"""A block of a host holds however the host is written."""

import pytest

from fedi_chapter.domain.moderation import host_and_parents


@pytest.mark.parametrize(
    "host",
    ["bad.example", "BAD.example", "bad.example.", "bad.example:8443", "bad.example.:8443"],
)
def test_port_trailing_dot_and_letter_case_are_no_way_around_a_block(host: str) -> None:
    assert host_and_parents(host) == ("bad.example", "example")


def test_a_subdomain_is_below_all_its_parents() -> None:
    assert "bad.example" in host_and_parents("deep.sub.bad.example")


@pytest.mark.parametrize("host", ["[2001:db8::1]", "[2001:DB8::1]:8443"])
def test_an_address_in_brackets_is_one_name_without_its_port(host: str) -> None:
    assert host_and_parents(host)[0] == "[2001:db8::1]"
