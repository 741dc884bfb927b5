"""A group that holds events on a server of its own, whatever that server says it runs."""

from tests.kit.peers.mastodon import PUBLIC, Json, Mastodon, Member


class EventHost(Member):
    """The group: it publishes events, and hears who comes."""

    def document(self) -> Json:
        return {**super().document(), "type": "Group"}

    def hold(self, number: int = 7, **members: object) -> str:
        """Publish an event on its server; return its id."""
        uri = f"{self.uri}/statuses/{number}"
        self.statuses[uri] = an_event(uri, self.uri, **members)
        return uri

    def heard(self) -> list[Json]:
        """Return what came in."""
        return [each.activity for each in self.server.received]


def an_event(uri: str, author: str, **members: object) -> Json:
    """Return a public event on the first of December."""
    return {
        "id": uri,
        "type": "Event",
        "name": "Repair café",
        "startTime": "2026-12-01T18:00:00Z",
        "attributedTo": author,
        "to": [PUBLIC],
        "cc": [],
        **members,
    }


def open_hall(server: Mastodon, software: str = "mobilizon") -> EventHost:
    """Let a group called `hall` move in on a server that runs `software`."""
    server.software = software
    made = EventHost(server, "hall", server.key)
    server.members["hall"] = made
    return made
