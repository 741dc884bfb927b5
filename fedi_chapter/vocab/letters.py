"""The words of a notice as the plain text of a mail.

Called by `federation.telling`. Direct messages are written in `vocab.direct`.
"""

from fedi_chapter.vocab.notice_parts import Line, Link, Words


def write_text(words: Words) -> str:
    """Return paragraphs parted by empty lines, each address on a line of its own."""
    return "\n\n".join("\n".join(map(_line, each)) for each in words.paragraphs) + "\n"


def _line(line: Line) -> str:
    return f"{line.words}\n{line.url}" if isinstance(line, Link) else line
