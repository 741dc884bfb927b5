"""How often one address may have us do something: about as often as people do.

Used by the routes where a visitor names a server (ADM-12) or answers an event (ABU-03). Counted
in the process, by fingerprints of addresses, and kept nowhere: what is lost with it is some
minutes.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address, ip_network

from starlette.requests import Request

from fedi_chapter.core.errors import TooOften
from fedi_chapter.web.negotiate import deps_of

PER_MINUTE = 12
"""Handles one address may look up in a minute."""
ANSWERS = 120
"""Answers without an account from one network in `ANSWERS_WITHIN` that count at once: a hall full
of people on one Wi-Fi. Who comes after them waits for an organizer."""
MOST_ANSWERS = 600
"""As many are taken at all."""
ANSWERS_WITHIN = timedelta(minutes=10)
REMEMBERED = 4096
"""Addresses remembered at once; the one not seen longest is forgotten."""


@dataclass(slots=True)
class RateLimit:
    """Counts what one asks for, by address and minute or another stretch of time."""

    most: int = PER_MINUTE
    seen: OrderedDict[str, tuple[int, int]] = field(default_factory=OrderedDict)

    def spend(self, address: str, minute: int) -> int:
        """Count one more, and return how many that makes.

        Raises:
            TooOften: that is more than people do.

        """
        last, used = self.seen.pop(address, (minute, 0))
        used = used + 1 if last == minute else 1
        self.seen[address] = (minute, used)
        while len(self.seen) > REMEMBERED:
            self.seen.popitem(last=False)
        if used > self.most:
            raise TooOften(f"more than {self.most} within the time")
        return used


def check_rate(request: Request) -> None:
    """Count one more look-up of the address that asks.

    Raises:
        TooOften: that is more than a person types.

    """
    state, deps = request.app.state, deps_of(request)
    if not hasattr(state, "look_ups"):
        state.look_ups = RateLimit()
    limit: RateLimit = state.look_ups
    address = request.client.host if request.client else ""
    if ":" in address:  # who has one address of IPv6 has a whole network of them
        address = network_of(address)
    minute = int(deps.clock.now().timestamp()) // 60
    limit.spend(deps.links.fingerprint("look-ups", address), minute)


def check_answers(request: Request) -> bool:
    """Count one more answer of the network that asks; tell whether they are still a hall's.

    Raises:
        TooOften: that is a flood.

    """
    state, deps = request.app.state, deps_of(request)
    if not hasattr(state, "answers"):
        state.answers = RateLimit(MOST_ANSWERS)
    limit: RateLimit = state.answers
    stretch = int(deps.clock.now().timestamp() // ANSWERS_WITHIN.total_seconds())
    who = deps.links.fingerprint("answers", network_of_asker(request))
    return limit.spend(who, stretch) <= ANSWERS


def network_of_asker(request: Request) -> str:
    """Return the network a request comes from."""
    return network_of(request.client.host if request.client else "")


def network_of(address: str) -> str:
    """Return the network one customer of a provider has at most: /24, or /48 of IPv6."""
    try:
        version = ip_address(address).version
    except ValueError:
        return address
    return str(ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))
