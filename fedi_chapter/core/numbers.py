"""Whole numbers as people and programs write them: digits of ASCII, and nothing else."""


def whole_number(text: str, most: int) -> int | None:
    """Return the number that `text` is; None where it is none, or more than `most`.

    Python reads digits of every script, signs, spaces and underscores as well: who typed those
    meant something else, or is a program.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(most)) or int(digits) > most:
        return None
    return int(digits)
