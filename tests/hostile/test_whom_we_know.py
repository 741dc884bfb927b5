"""The inbox tells nobody whom this chapter knows: one answer, after the same work, for all."""

import json
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

KINDS = (
    *("Follow", "Like", "Announce", "Block", "Flag", "Join", "Leave", "Accept", "Reject", "Move"),
    *("Create", "Update", "Delete", "Undo", "Update of itself", "Delete of itself", "Listen"),
)


@dataclass
class Asker:
    """Somebody who wants to know whom the chapter knows: Alice, who voted, and not Zoe."""

    world: World
    chapter: Chapter
    alice: Member
    zoe: Member
    post: str
    forger: RSAPrivateKey

    async def learns(self, kind: str, inbox: str, *, how: str) -> list[tuple[int, int, bool]]:
        """Speak in the name of both; return for each the answer, fetches and whether we wrote."""
        found = []
        for victim in (self.alice, self.zoe):
            body = json.dumps(self.activity(victim, kind)).encode()
            fetched = len(self.world.network.fetched("m.test"))
            before = self.chapter.deps.db.version()
            answer = await self.world.network.send(
                "POST", inbox, self.headers(victim, inbox, body, how), body
            )
            fetches = len(self.world.network.fetched("m.test")) - fetched
            found.append((answer.status_code, fetches, self.chapter.deps.db.version() != before))
        return found

    def headers(self, victim: Member, inbox: str, body: bytes, how: str) -> dict[str, str]:
        if how == "unsigned":
            host = inbox.split("/")[2]
            return {"Host": host, "Content-Type": "application/activity+json"}
        key_id = f"{victim.uri}#main-key"
        return signed_post(self.forger, key_id, inbox, body, self.world.clock.now())

    def activity(self, who: Member, kind: str) -> Json:
        verb, note = kind.split()[0], f"{who.uri}/statuses/1"
        thing: object = self.post
        if kind in {"Create", "Update"}:
            thing = {
                "id": note,
                "type": "Note",
                "attributedTo": who.uri,
                "content": "Hi",
                "inReplyTo": self.post,
                "to": [PUBLIC],
            }
        elif kind == "Delete":
            thing = note
        elif kind == "Undo":
            thing = who.activity("Like", self.post, uri=f"{who.uri}/likes/1")
        elif kind == "Update of itself":
            thing = who.document()
        elif kind in {"Delete of itself", "Move"}:
            thing = who.uri
        return who.activity(verb, thing, uri=f"{who.uri}#1", to=[PUBLIC], target=self.alice.uri)


@pytest.fixture
async def asker(world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> Asker:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, post = mastodon.member("alice"), await chapter.post("Hello")
    await alice.like(post)
    await world.settle()
    return Asker(world, chapter, alice, mastodon.member("zoe"), post, rsa_keys[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["unsigned", "forged"])
async def test_a_known_and_an_unknown_person_are_answered_alike(
    asker: Asker, kind: str, how: str
) -> None:
    for inbox in (asker.chapter.urls.shared_inbox, f"{asker.chapter.uri}/inbox"):
        of_alice, of_zoe = await asker.learns(kind, inbox, how=how)
        assert of_alice == of_zoe
        assert of_alice[0] == (202 if how == "forged" and "itself" in kind else 401)


@pytest.mark.parametrize("kind", ["Delete of itself", "Update of itself"])
async def test_what_others_say_of_a_known_and_an_unknown_person_is_answered_alike(
    asker: Asker, kind: str
) -> None:
    mallory = asker.alice.server.member("mallory")
    await mallory.like(asker.post)
    found = []
    for victim in (asker.alice, asker.zoe):
        body = json.dumps(asker.activity(victim, kind)).encode()
        before = asker.chapter.deps.db.version()
        status = await mallory.send_raw(asker.chapter.urls.shared_inbox, body)
        found.append((status, asker.chapter.deps.db.version() != before))
    assert found[0] == found[1]


async def test_of_strangers_who_leave_only_the_number_is_kept(asker: Asker) -> None:
    before = await asker.chapter.outcomes()
    inbox = asker.chapter.urls.shared_inbox
    for kind in ("Delete of itself", "Update of itself"):
        await asker.zoe.send(inbox, asker.activity(asker.zoe, kind))
    await asker.world.settle()
    assert await asker.chapter.outcomes() == before
    assert asker.chapter.counts["inbox.dropped.unknown"] == 2
    assert asker.world.network.fetched("m.test").count(asker.zoe.uri) == 0
