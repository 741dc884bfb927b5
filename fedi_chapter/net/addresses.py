"""Which IP addresses belong to the public internet, as data.

`net.guard` asks before every connection; nobody else needs to. Names, URLs and DNS never
belong here: this file knows literal addresses only.

The tables are written down rather than asked of `ipaddress`, because its `is_global` calls
multicast, NAT64 and other ways around public, and changes between Python versions.
"""

from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

REMEMBERED = 4096
REGISTRY_DATE = "2025-10-09"
"""When IANA last changed the two special-purpose address registries these tables follow."""

SPECIAL_IPV4 = (
    IPv4Network("0.0.0.0/8"),  # this network (RFC 791)
    IPv4Network("10.0.0.0/8"),  # private use (RFC 1918)
    IPv4Network("100.64.0.0/10"),  # shared by carriers (RFC 6598)
    IPv4Network("127.0.0.0/8"),  # loopback (RFC 1122)
    IPv4Network("169.254.0.0/16"),  # link local (RFC 3927); most clouds' metadata
    IPv4Network("172.16.0.0/12"),  # private use (RFC 1918)
    IPv4Network("192.0.0.0/24"),  # protocol assignments (RFC 6890)
    IPv4Network("192.0.2.0/24"),  # documentation (RFC 5737)
    IPv4Network("192.31.196.0/24"),  # AS112 (RFC 7535)
    IPv4Network("192.52.193.0/24"),  # multicast tunnels (RFC 7450)
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, given up (RFC 7526)
    IPv4Network("192.168.0.0/16"),  # private use (RFC 1918)
    IPv4Network("192.175.48.0/24"),  # AS112 (RFC 7534)
    IPv4Network("198.18.0.0/15"),  # benchmarks (RFC 2544)
    IPv4Network("198.51.100.0/24"),  # documentation (RFC 5737)
    IPv4Network("203.0.113.0/24"),  # documentation (RFC 5737)
    IPv4Network("240.0.0.0/4"),  # reserved (RFC 1112), with the broadcast address
    # Not in that registry, and no server's address either:
    IPv4Network("224.0.0.0/4"),  # multicast (RFC 5771)
    IPv4Network("168.63.129.16/32"),  # the virtual host of one cloud, in its public space
)

GLOBAL_IPV6 = IPv6Network("2000::/3")
"""The only global unicast space handed out. All else is refused: mapped, compatible, NAT64,
unique local, link local, site local, multicast and what is to come."""

SPECIAL_IPV6 = (
    IPv6Network("2001::/23"),  # protocol assignments (RFC 2928): Teredo, ORCHID, benchmarks
    IPv6Network("2001:db8::/32"),  # documentation (RFC 3849)
    IPv6Network("2002::/16"),  # 6to4 (RFC 3056): carries any IPv4 address
    IPv6Network("2620:4f:8000::/48"),  # AS112 (RFC 7534)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)

PRIVATE = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)
"""Loopback and private networks: where a demo or a test may live. Link local is not among
them: no demo needs it, and clouds keep their secrets there."""


# Remembered: each address is looked at several times on the way to every connection.
@lru_cache(maxsize=REMEMBERED)
def read_address(text: str) -> Address | None:
    """Read a literal address in its one strict spelling; None for anything else.

    No leading zeros, no short or hexadecimal IPv4 forms, no zone ids (SSRF-02, SSRF-03).
    """
    if "%" in text or not text.isascii():
        return None
    try:
        return IPv6Address(text) if ":" in text else IPv4Address(text)
    except AddressValueError:
        return None


@lru_cache(maxsize=REMEMBERED)
def is_public(address: Address) -> bool:
    """Tell whether `address` is a host on the public internet (SSRF-01, SSRF-02)."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_IPV4)
    return address in GLOBAL_IPV6 and not any(address in network for network in SPECIAL_IPV6)


@lru_cache(maxsize=REMEMBERED)
def is_private(address: Address) -> bool:
    """Tell whether `address` is loopback or in a private network."""
    return any(address in network for network in PRIVATE)
