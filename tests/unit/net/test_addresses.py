from datetime import date
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.net.addresses import (
    GLOBAL_IPV6,
    REGISTRY_DATE,
    SPECIAL_IPV4,
    is_private,
    is_public,
    read_address,
)

NOT_PUBLIC = """
0.0.0.0 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
127.0.0.1 127.255.255.254 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8
192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.175.48.1 198.18.0.1
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
168.63.129.16
:: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 ::8.8.8.8 ::ffff:0:7f00:1 64:ff9b::7f00:1
64:ff9b::808:808 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:3::1
2001:10::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 2620:4f:8000::1
3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fec0::1 ff02::1
"""

PUBLIC = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.0.1.1 198.17.255.255
198.20.0.0 223.255.255.255 168.63.129.15
2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450::1 3ffe::1 3fff:1000::1
"""

ODD = """
127.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 127.0.0.01 127.0.0.1. １２７.0.0.1
127。0。0。1 ::1%lo fe80::1%eth0 ::1%25lo [::1] ::g 1:2:3:4:5:6:7:8:9 localhost 1.2.3.4/8 ٠.0.0.0
"""

PRIVATE = "127.0.0.1 10.1.2.3 192.168.1.1 172.20.0.2 ::1 fd12::1"
NEITHER = "169.254.169.254 0.0.0.0 224.0.0.1 255.255.255.255 fe80::1 ::ffff:127.0.0.1"


@pytest.mark.parametrize("text", NOT_PUBLIC.split())
def test_a_special_address_is_not_public(text: str) -> None:
    address = read_address(text)
    assert address is not None
    assert not is_public(address)


@pytest.mark.parametrize("text", PUBLIC.split())
def test_a_servers_address_is_public(text: str) -> None:
    address = read_address(text)
    assert address is not None
    assert is_public(address)
    assert not is_private(address)


@pytest.mark.parametrize("text", [*ODD.split(), "", " 127.0.0.1", "127.0.0.1\n"])
def test_an_odd_spelling_is_no_address(text: str) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize("text", PRIVATE.split())
def test_a_demo_may_live_at_a_private_address(text: str) -> None:
    address = read_address(text)
    assert address is not None
    assert is_private(address)


@pytest.mark.parametrize("text", NEITHER.split())
def test_metadata_multicast_and_disguises_are_not_even_private(text: str) -> None:
    address = read_address(text)
    assert address is not None
    assert not is_private(address)
    assert not is_public(address)


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_an_ipv4_address_is_public_exactly_outside_the_table(number: int) -> None:
    address = IPv4Address(number)
    assert is_public(address) is not any(address in network for network in SPECIAL_IPV4)
    assert not is_public(IPv6Address(number))
    assert not is_public(IPv6Address(f"::ffff:{address}"))
    assert not is_public(IPv6Address((0x2002 << 112) | (number << 80)))


@given(st.integers(min_value=0, max_value=2**128 - 1))
def test_no_ipv6_address_outside_global_unicast_is_public(number: int) -> None:
    address = IPv6Address(number)
    assert not is_public(address) or address in GLOBAL_IPV6


@given(st.text())
def test_reading_never_raises(text: str) -> None:
    address = read_address(text)
    assert address is None or str(address)


def test_the_tables_name_the_registrys_date() -> None:
    assert date.fromisoformat(REGISTRY_DATE) >= date(2025, 10, 9)
