import unicodedata
from urllib.parse import quote

import pytest

from fedi_chapter.core.errors import Conflict, FormInvalid, Gone, Missing
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.happening import PostChanged, PostDeleted, PostPublished
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.post import Mention, Post, PostId
from fedi_chapter.services import posts as subject
from fedi_chapter.services.posts import PostFields
from fedi_chapter.store import posts
from fedi_chapter.store.pages.tag import tag_page
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

ANN = Mention("https://m.example/users/ann", "https://m.example/@ann", "ann@m.example")


async def write(house: House, text: str, **words: object) -> Post:
    fields = PostFields(text=text, **words)  # type: ignore[arg-type]
    return await house.do(lambda tx: subject.create_post(tx, house.chapter, fields, house.urls))


async def edit(house: House, post: Post, **words: object) -> Post:
    fields = PostFields(**words)  # type: ignore[arg-type]
    return await house.do(lambda tx: subject.edit_post(tx, post.id, fields, house.urls))


async def test_a_post_is_stored_with_its_links_and_announced(house: House) -> None:
    made = await write(house, "Hi @ann@m.example, see #garden", mentions=(ANN,), title="News")
    assert 'href="https://m.example/@ann"' in made.html
    assert 'href="https://chapter.example.org/tags/garden"' in made.html
    assert (made.tags, made.mentions, made.language) == (("garden",), (ANN,), "en")
    assert await house.see(lambda tx: posts.get(tx, made.id)) == made
    assert await house.happenings() == [PostPublished(made.id)]


async def test_a_post_without_anything_in_it_is_refused(house: House) -> None:
    with pytest.raises(FormInvalid):
        await write(house, " \n ")
    picture = Media(MediaId("p"), "image/jpeg", 1, 1, 1, "alt")
    assert (await write(house, "", images=(picture,))).images == (picture,)


async def test_more_pictures_than_others_show_are_refused(house: House) -> None:
    many = tuple(Media(MediaId(str(n)), "image/jpeg", 1, 1, 1, "alt") for n in range(5))
    with pytest.raises(FormInvalid):
        await write(house, "x", images=many)


async def test_an_edit_is_announced_once_and_only_when_something_changed(house: House) -> None:
    made = await write(house, "one", title="T")
    changed = await edit(house, made, text="two")
    assert (changed.source, changed.title, changed.revision) == ("two", "T", 1)
    assert await edit(house, made, text="two") == changed
    assert (await edit(house, made, title="")).title is None
    assert await house.happenings() == [
        PostPublished(made.id),
        PostChanged(made.id),
        PostChanged(made.id),
    ]


async def test_what_is_out_keeps_its_audience_and_its_thread(house: House) -> None:
    made = await write(house, "one", visibility=Visibility.FOLLOWERS)
    with pytest.raises(Conflict):
        await edit(house, made, visibility=Visibility.PUBLIC)
    with pytest.raises(Conflict):
        await edit(house, made, in_reply_to="https://m.example/1")


async def test_a_deleted_post_is_gone(house: House) -> None:
    made = await write(house, "one")
    await house.do(lambda tx: subject.delete_post(tx, made.id))
    assert (await house.happenings())[-1] == PostDeleted(made.id)
    with pytest.raises(Gone):
        await house.do(lambda tx: subject.delete_post(tx, made.id))
    with pytest.raises(Missing):
        await house.do(lambda tx: subject.delete_post(tx, PostId("none")))


async def test_edits_within_one_second_are_told_as_later_and_later(house: House) -> None:
    made = await write(house, "one")
    once, twice = await edit(house, made, text="two"), await edit(house, made, text="three")
    assert once.updated_at
    assert twice.updated_at
    seconds = [int(at.timestamp()) for at in (made.published_at, once.updated_at, twice.updated_at)]
    assert seconds == sorted(set(seconds))


async def test_a_warning_is_kept_changed_and_taken_away(house: House) -> None:
    made = await write(house, "It has eight legs", warning=" Spiders\n and worse ")
    assert made.warning == "Spiders and worse"
    assert await house.see(lambda tx: posts.get(tx, made.id)) == made
    assert (await edit(house, made, text="Ten legs")).warning == "Spiders and worse"
    assert (await edit(house, made, warning="Crabs")).warning == "Crabs"
    assert (await edit(house, made, warning="")).warning is None
    assert await house.happenings() == [PostPublished(made.id), *[PostChanged(made.id)] * 3]


async def test_a_tag_of_any_script_leads_to_its_page(house: House) -> None:
    made = await write(house, "#col·lectiu #cafe\u0301 #हिन्दी")
    assert made.tags == ("col·lectiu", "café", "हिन्दी")
    for tag in made.tags:
        assert f'href="https://chapter.example.org/tags/{quote(tag)}"' in made.html
        page = await house.see(lambda tx, name=tag: tag_page(tx, name.upper()))
        assert page.posts == (made,)
        decomposed = unicodedata.normalize("NFD", tag)
        assert (await house.see(lambda tx, name=decomposed: tag_page(tx, name))).posts == (made,)
