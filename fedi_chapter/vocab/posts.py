"""Notes: foreign ones read, our posts written.

Called by `vocab.read` and by `federation`. What a note is to us (reply, message, news of a
neighbour) is for the inbox handlers to say.
"""

from fedi_chapter.core.errors import BadDocument
from fedi_chapter.core.html import escape, plain
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.post import Post
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.activities import Note
from fedi_chapter.vocab.audience import write_audience, write_policy
from fedi_chapter.vocab.collections import replies_to_be_fetched
from fedi_chapter.vocab.context import POST, in_context, in_thread
from fedi_chapter.vocab.pictures import Attached, read_attached, write_pictures
from fedi_chapter.vocab.shape import (
    Document,
    host_of,
    id_of,
    ids_of,
    instant_of,
    language_of,
    line_of,
    link_of,
    mappings,
    same_host,
    seen_line,
    text_of,
    type_of,
)
from fedi_chapter.vocab.terms import CONVERTED_TYPES, NOTE_TYPES
from fedi_chapter.vocab.when import stamp

MOST_MENTIONS = 100
MOST_OPTIONS = 20
MOST_PICTURES = 8
LONGEST_WARNING = 500
LONGEST_OPTION = 100
WORDLESS_WARNING, _WORDLESS = "CW", "\u200b"
_MARKS, _OTHER = {"image": "🖼", "video": "🎞", "audio": "🔊"}, "🔗"


# -- reading -------------------------------------------------------------------------------


def read_note(document: Document) -> Note:
    """Return the Note, Question, Article or Page in `document`, or a picture with text.

    Raises:
        BadDocument: it is none, or has no id, or no author on its own host.

    """
    uri = id_of(document)
    if uri is None:
        raise BadDocument("a note without an id")
    if not is_note(document):
        raise BadDocument(f"{uri} is not a note")
    # A PeerTube video names its channel beside its author.
    authors = (each for each in ids_of(document.get("attributedTo")) if same_host(each, uri))
    author = next(authors, None)
    if author is None:
        raise BadDocument(f"{uri} names no author on its own host")
    return Note(
        id=uri,
        attributed_to=author,
        content=text_of(document, "content"),
        to=ids_of(document.get("to")),
        cc=ids_of(document.get("cc")),
        url=_own_page(document, uri),
        published=instant_of(document.get("published")),
        updated=instant_of(document.get("updated")),
        name=line_of(document, "name") or None,
        warning=_warning(document),
        attached=_options(document) + _attached(document),
        in_reply_to=next(iter(ids_of(document.get("inReplyTo"))), None),
        language=language_of(document),
        mentions=_mentions(document),
    )


def is_note(document: Document) -> bool:
    """Tell whether a document is read as a note; pictures and films are when they have words."""
    if type_of(document, NOTE_TYPES):
        return True
    words = text_of(document, "content") or text_of(document, "name")
    return bool(words and type_of(document, CONVERTED_TYPES))


def _warning(document: Document) -> str | None:
    """Return the content warning: of a Note its summary, of an Article only if it is sensitive.

    The summary of an Article or a Page is the beginning of its text. GoToSocial writes it as HTML;
    Misskey writes a blank where somebody warns without a word.
    """
    if not type_of(document, {"Note", "Question"}) and document.get("sensitive") is not True:
        return None
    if text_of(document, "summary") == _WORDLESS:
        return WORDLESS_WARNING
    return _words(document, "summary", LONGEST_WARNING) or None


def _words(document: Document, member: str, limit: int) -> str:
    """Return the words of a text that is plain or HTML, as one clean line.

    One that is nothing but angle brackets is plain.
    """
    return seen_line(plain(text_of(document, member)), limit) or line_of(document, member, limit)


def _options(document: Document) -> str:
    """Return the options of a poll as HTML."""
    options = document.get("oneOf") or document.get("anyOf")
    names = [_words(each, "name", LONGEST_OPTION) for each in mappings(options)[:MOST_OPTIONS]]
    return "".join(f"<p>○ {escape(name)}</p>" for name in names if name)


def _attached(document: Document) -> str:
    """Return links to pictures, films and sound as HTML, each with the words for it.

    Files and addresses are told where nothing else is said: a text names them itself.
    """
    stated = mappings(document.get("attachment"))[:MOST_PICTURES]
    found = [each for each in map(read_attached, stated) if each]
    marked = [each for each in found if each.kind in _MARKS]
    if len(marked) < len(found) and not plain(text_of(document, "content")):
        marked = found
    return "".join(map(_link, marked))


def _link(found: Attached) -> str:
    words = escape(found.alt or host_of(found.url))
    return f'<p>{_MARKS.get(found.kind, _OTHER)} <a href="{escape(found.url)}">{words}</a></p>'


def _own_page(document: Document, uri: str) -> str:
    """Return where people read it: on its own host, for nobody should be led elsewhere unawares."""
    page = link_of(document.get("url"))
    return page if page and same_host(page, uri) else uri


def _mentions(document: Document) -> tuple[str, ...]:
    tags = [each for each in mappings(document.get("tag")) if type_of(each, {"Mention"})]
    return ids_of([each.get("href") for each in tags[:MOST_MENTIONS]])


# -- writing -------------------------------------------------------------------------------


def write_post(post: Post, actor: LocalActor, urls: Urls, *, thread: str | None = None) -> Document:
    """Return a post as a Note; one that begins no `thread` stands in another's.

    Its title is the first paragraph: a `name` makes a Note look like a poll vote, and a
    `summary` is its content warning.
    """
    title = f"<p><strong>{escape(one_line(post.title, 200))}</strong></p>" if post.title else ""
    content = title + post.html
    uri = urls.post(post.id)
    return in_context(
        POST,
        {
            "id": uri,
            "type": "Note",
            "url": uri,
            "attributedTo": urls.actor(actor),
            **write_audience(
                post.visibility, actor, urls, [mention.uri for mention in post.mentions]
            ),
            "inReplyTo": post.in_reply_to,
            "content": content,
            "contentMap": {post.language: content},
            "published": stamp(post.published_at),
            "updated": stamp(post.updated_at) if post.updated_at else None,
            "summary": post.warning,
            "sensitive": post.warning is not None,
            "attachment": write_pictures(post.images, urls),
            "tag": [*write_hashtags(post.tags, urls), *_write_mentions(post)],
            **in_thread(thread or urls.post_replies(post.id)),
            "replies": replies_to_be_fetched(urls.post_replies(post.id)),
            "interactionPolicy": write_policy(post.visibility),
        },
    )


def write_hashtags(tags: tuple[str, ...], urls: Urls) -> list[Document]:
    """Return Hashtag objects; each needs a `name`, or Gancio fails."""
    return [{"type": "Hashtag", "name": f"#{tag}", "href": urls.tag(tag)} for tag in tags]


def _write_mentions(post: Post) -> list[Document]:
    return [
        {"type": "Mention", "name": f"@{each.handle}", "href": each.uri} for each in post.mentions
    ]
