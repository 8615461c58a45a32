"""What is new in a mail: its text without the quoted mail below, above or between it."""

import re

from engine.channels.incoming.parsed import Mail

_QUOTED_LINE = re.compile(r"^\s*>")
_LINE_THAT_INTRODUCES = (
    r"(?:on|am|le|el|il|em|op|w dniu|dnia)\b[^\n]{6,120}(?:\n[^\n]{0,120}){0,2}?"
    r"(?:wrote|schrieb[^\n]{0,60}|écrit|escribió|ha scritto|escreveu|schreef[^\n]{0,60}|napisał\w*|pisze) ?:"
)
_INTRODUCES = re.compile(rf"^[ \t]*{_LINE_THAT_INTRODUCES}[ \t]*$", re.I | re.M)
_BELOW = re.compile(
    r"^[ \t]*(?:-{2,} ?(?:original (?:message|appointment)|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht|wiadomość oryginalna|forwarded message) ?-{2,}"
    r"|_{20,}[ \t]*$"
    rf"|{_LINE_THAT_INTRODUCES}"
    r"|(?:from|von|de|da|van|od) ?: [^\n]+\n(?:[^\n]+\n){0,3}?[ \t]*"
    r"(?:to|an|à|para|a|aan|do|sent|gesendet|envoyé|enviado|date) ?: )",
    re.I | re.M,
)
LONGEST = 8_000


def new_text(mail: Mail) -> str:
    """What its writer wrote now; the whole text where no quote is recognised. At most 8,000 characters."""
    text = mail.text.strip()
    below = next((match for match in _BELOW.finditer(text) if _is_new(text[: match.start()])), None)
    if below is not None and not _has_quoted_lines(text[below.end() :]):
        text = text[: below.start()]
    unquoted = [line.rstrip() for line in _INTRODUCES.sub("", text).splitlines() if not _QUOTED_LINE.match(line)]
    cut = re.sub(r"\n{3,}", "\n\n", "\n".join(unquoted)).strip()
    return (cut or mail.text.strip())[:LONGEST]


def _is_new(text: str) -> bool:
    return any(line.strip() and not _QUOTED_LINE.match(line) for line in text.splitlines())


def _has_quoted_lines(text: str) -> bool:
    """Then the marks say what is quoted, and answers may stand between."""
    return any(_QUOTED_LINE.match(line) for line in text.splitlines()[:6])
