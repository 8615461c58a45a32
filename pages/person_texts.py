"""A person's text where Markdown is read: shown as it was typed, on one line, no longer than there is room."""

import re
import unicodedata


def plain(text: str, longest: int = 120) -> str:
    """A person's text for a place that reads Markdown: nothing in it is markup, and it stays on one line."""
    # "--", "->" and "<=" would become other signs; a number with a point begins a list at the line's start only.
    escaped = re.sub(r"([\\`*_{}\[\]#+|<>~$&^=]|\B-|-\B)", r"\\\1", cut(text, longest))
    escaped = re.sub(r"^(\d+)([.)])", r"\1\\\2", escaped)
    # Streamlit replaces :material/x: and :smile: after escapes are read, so the colon gets an invisible companion.
    # It also makes links of everything that looks like an address.
    return re.sub(r":(?=\S)|@|www", "\\g<0>\u2060", escaped)


def cut(text: str, longest: int) -> str:
    """A person's text on one line, and no longer than this."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def isolated(text: str, longest: int = 120) -> str:
    """A person's text within a line of ours: cut, and a right-to-left one does not turn the words after it around."""
    line = cut(text, longest)
    turns = any(unicodedata.bidirectional(character) in ("R", "AL") for character in line)
    return f"\u2068{line}\u2069" if turns else line
