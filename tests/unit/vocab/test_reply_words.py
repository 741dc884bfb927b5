"""Replies in plain words: what is an answer, what is not plain enough, what is only a reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.vocab.reply_words import Meaning, Words, read_reply

MENTION = (
    '<span class="h-card"><a href="https://a.example/chapter">@<span>atlanta</span></a></span>'
)


@pytest.mark.parametrize(
    ("text", "meaning", "guests"),
    [
        ("going", Meaning.GOING, 0),
        ("Going!", Meaning.GOING, 0),
        ("I'm going", Meaning.GOING, 0),
        ("I’m in!", Meaning.GOING, 0),
        ("going +2", Meaning.GOING, 2),
        ("Going + 2", Meaning.GOING, 2),
        ("going +٣", Meaning.GOING, 3),
        ("going +²", Meaning.GOING, 2),
        ("going plus two", Meaning.GOING, 0),
        ("going plus two friends", Meaning.GOING, 2),
        ("I'll be there with 3 kids", Meaning.GOING, 3),
        ("Count me in, and 2 friends", Meaning.GOING, 2),
        ("+1", Meaning.GOING, 1),
        ("Yes please, thank you! 🎉", Meaning.GOING, 0),
        ("Hi all, I'm coming tomorrow", Meaning.GOING, 0),
        ("see you there", Meaning.GOING, 0),
        ("maybe", Meaning.MAYBE, 0),
        ("Interested", Meaning.MAYBE, 0),
        ("not sure yet, sorry", Meaning.MAYBE, 0),
        ("can't make it", Meaning.NO, 0),
        ("Sorry, I can’t make it this time", Meaning.NO, 0),
        ("not going", Meaning.NO, 0),
        ("I am not coming", Meaning.NO, 0),
        ("no", Meaning.NO, 0),
        ("Unfortunately I won't be there", Meaning.NO, 0),
        ("undo", Meaning.NONE, 0),
        ("Mute, please", Meaning.MUTE, 0),
        ("forget me", Meaning.FORGET, 0),
        ("voy", Meaning.GOING, 0),
        ("¡Voy!", Meaning.GOING, 0),
        ("Sí, voy", Meaning.GOING, 0),
        ("Voy con 2 amigas", Meaning.GOING, 2),
        ("voy +1", Meaning.GOING, 1),
        ("Me apunto, gracias", Meaning.GOING, 0),
        ("allí estaré", Meaning.GOING, 0),
        ("quizás", Meaning.MAYBE, 0),
        ("Me interesa", Meaning.MAYBE, 0),
        ("no puedo ir, lo siento", Meaning.NO, 0),
        ("Al final no puedo", Meaning.NO, 0),
        ("olvídame", Meaning.FORGET, 0),
    ],
)
def test_a_plain_answer_is_understood(text: str, meaning: Meaning, guests: int) -> None:
    understood = read_reply(f"<p>{MENTION} {text}</p>")
    if text == "going plus two":  # two of what? asked back rather than guessed
        assert understood == Words(Meaning.UNSURE)
    else:
        assert understood == Words(meaning, guests)


@pytest.mark.parametrize(
    "text",
    [
        "going but late, maybe after eight",
        "I can't make it before nine",
        "yes if it does not rain",
        "maybe +2",
        "going +፩",
        "going plus ፩",
        "going +" + "9" * 1_500,
        "count me in for the cake",
    ],
)
def test_what_may_be_an_answer_is_asked_back(text: str) -> None:
    assert read_reply(f"<p>{text}</p>") == Words(Meaning.UNSURE)


@pytest.mark.parametrize(
    "text",
    [
        "Is anyone going by bike?",
        "¿Alguien va en bici?",
        "Who is going?",
        "What a lovely idea",
        "The room is upstairs on the left and there is a ramp at the back for wheelchairs",
        "We have been going to this library for years and I can't wait to see what you made of it",
        "",
        "https://elsewhere.example/going",
        "#going",
    ],
)
def test_a_comment_never_becomes_a_promise(text: str) -> None:
    assert read_reply(f"<p>{MENTION} {text}</p>") is None


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    read_reply(text)
