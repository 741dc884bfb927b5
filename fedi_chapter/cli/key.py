"""`key`: give the chapter a new signing key without losing a follower."""

import click

from fedi_chapter.cli.frame import Noun, Setup, ask, note, pass_setup
from fedi_chapter.core.errors import Missing
from fedi_chapter.deps import Deps
from fedi_chapter.services.chapters import NewKey, rotate_key
from fedi_chapter.sig.keys import make_rsa, public_pem
from fedi_chapter.store import local_actors
from fedi_chapter.store.tx import WriteTx


@click.group(cls=Noun)
def key() -> None:
    """Signing keys."""


@key.command("rotate")
@click.option("--actor", help="Handle of the actor (default: the chapter; the server is relay).")
@pass_setup
def rotate(setup: Setup, actor: str | None) -> None:
    """Make a new RSA key; the news of it is signed with the old one."""
    note("making a key …")
    private = make_rsa()

    async def work(deps: Deps) -> str:
        new = NewKey("rsa", deps.keys.seal(private), public_pem(private))

        def write(tx: WriteTx) -> str:
            found = local_actors.by_handle(tx, actor) if actor else local_actors.chapter(tx)
            if found is None:
                raise Missing(f"there is no actor {actor}", cure="leave out --actor")
            return rotate_key(tx, found, new, deps.urls)

        return await deps.db.write(write)

    key_id = ask(setup, work)
    setup.tell({"key": key_id}, f"new key: {key_id}")
