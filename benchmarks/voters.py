"""The other side of the RSVP benchmark: servers full of people who vote, and what they hear.

`python -m benchmarks.voters`, started by `benchmarks.rsvp`.
"""

import re
import time
from typing import Any

from benchmarks.figures import percentile
from benchmarks.listening import TAKEN, addresses, listen
from benchmarks.load import fire
from benchmarks.peers import Peer
from benchmarks.programs import Handlers, helper

NETWORK = 3
AT_ONCE = 32
OPTIONS = ("Going", "Going", "Maybe", "Can't come")
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_PATH = re.compile(rb"GET /users/(\w+) ")
_TALLY = re.compile(rb'"id":"[^"]*#tally-(\d+)"')


class Voters:
    """People on loopback: each votes once."""

    def __init__(self, port: int, actor: str, face: str) -> None:
        self._port, self._actor, self._face = port, actor, face
        self._people: dict[tuple[str, bytes], Peer] = {}
        self._confirmed: set[bytes] = set()
        self._last_confirmed = 0.0
        self._tallies: dict[bytes, float] = {}

    def _answer(self, address: str, line: bytes, body: bytes) -> bytes | None:
        if line.startswith(b"GET"):
            asked = _PATH.match(line)
            person = self._people.get((address, asked[1])) if asked else None
            return person.document() if person else MISSING
        tally = _TALLY.search(body)
        if tally:
            self._tallies.setdefault(tally[1], time.monotonic())
        elif b'"Create"' in body:
            self._confirmed.add(address.encode() + line)
            self._last_confirmed = time.monotonic()
        return TAKEN

    async def vote(self, servers: int, of_each: int) -> dict[str, Any]:
        """Let everybody vote, server by server in turn; return how it was taken."""
        where = addresses(NETWORK, servers)
        port = await listen(where, self._answer)
        votes = []
        for number in range(of_each):
            for place, address in enumerate(where):
                person = Peer(f"http://{address}:{port}", f"p{number}")
                self._people[address, person.name.encode()] = person
                option = OPTIONS[(number + place) % len(OPTIONS)]
                vote = person.vote(self._face, option, self._actor)
                votes.append(person.signed(vote, f"{self._actor}/inbox"))
        waiting = iter(votes)
        shot = await fire(self._port, lambda: next(waiting, None), at_once=AT_ONCE)
        return {
            "statuses": dict(shot.statuses),
            "began": shot.began,
            "rate": shot.rate,
            "p99": percentile(shot.seconds, 99) * 1000,
        }

    async def heard(self) -> dict[str, Any]:
        """Return what has arrived so far: people told, and how often totals were."""
        return {
            "confirmed": len(self._confirmed),
            "last": self._last_confirmed,
            "tallies": sorted(self._tallies.values()),
        }


async def start(port: int, actor: str, face: str) -> Handlers:
    """Offer the burst; the chapter listens on `port`."""
    voters = Voters(port, actor, face)
    return {"vote": voters.vote, "heard": voters.heard}


if __name__ == "__main__":
    helper(start)
