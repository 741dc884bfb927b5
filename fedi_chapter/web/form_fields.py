"""What stands in the fields of a form, where only some things may stand.

Nothing else is taken for one of them: it is refused by the name of its field, and the page comes
back with what was typed and says there what to type.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from starlette.datastructures import FormData

from fedi_chapter.core.errors import FormInvalid, NumberInvalid
from fedi_chapter.core.numbers import whole_number
from fedi_chapter.web.private import word

Choice = TypeVar("Choice", bound=StrEnum)


def number_in(form: FormData, name: str, *, least: int = 0, most: int) -> int | None:
    """Return the whole number in a field; None for one that was left empty.

    Raises:
        NumberInvalid: something else stands there.

    """
    typed = form.get(name, "")
    if typed == "":
        return None
    number = whole_number(typed, most) if isinstance(typed, str) else None
    if number is None or number < least:
        raise NumberInvalid(name, least=least, most=most)
    return number


def choice_in(form: FormData, name: str, offered: Iterable[Choice]) -> Choice:
    """Return which of those `offered` a field names.

    Raises:
        FormInvalid: none of them.

    """
    said = word(form, name)
    chosen = next((each for each in offered if each.value == said), None)
    if chosen is None:
        raise FormInvalid("that can't be chosen", cure="choose one of what is offered", field=name)
    return chosen
