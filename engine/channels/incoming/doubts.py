"""When an answer that sounds like "no such person" says too little, or comes too late, to condemn the address.

A server that knows its people refuses at RCPT, names the address or gives a status 5.1.x. Filters that only pretend nobody
is there answer after the text, or with two bare words.
"""

import re

_CONDEMNS = re.compile(r"5\.1\.(?:[1-46]|10)")
_AFTER_THE_TEXT = re.compile(
    r"(?:in reply to|after|response to)[^\n]{0,12}\s+end\s+of\s+(?:the )?(?:data|message)"
    r"|>>> (?:DATA|\.)\s*\n[ >]*<<< (?!354)[^\n]*",
    re.I,
)
_AT_RECIPIENT = re.compile(r"(?:>>> |\[|in reply to |after |our |smtp:|error from \S+ )\(?RCPT|RCPT[ _]TO|RCPT cmd", re.I)
_BARE = re.compile(r"(?:unknown user|user unknown|recipient not found|user not found|unknown recipient)\b", re.I)
_NAMES = re.compile(r"<[^<>\s]+@[^<>\s]+>|[\w.+-]+@[\w-]+\.")
_TELLS_MORE = re.compile(r"(?:no such|not exist|doesn.t have|invalid|no account|not listed|no mailbox|not recogni)", re.I)
_CODE = re.compile(r"(?:^|[\s;])[45]\d\d(?:[ :-]|$)")
# RFC 5321's own text for 550, which stands for "not found, no access, or policy" alike.
_GENERIC = re.compile(r"action not taken: mailbox unavailable", re.I)


def is_doubtful(status: str, said: str, told: str) -> bool:
    """`said` is the answer about the address, `told` all that the report says around it."""
    if _CONDEMNS.fullmatch(status):
        return False
    if status == "5.2.1":  # "disabled": somebody was there
        return not (_AT_RECIPIENT.search(told) or "bad-mailbox" in told)
    if _GENERIC.search(said) and status in ("", "5.0.0") and not _AT_RECIPIENT.search(told):
        return True
    if _AT_RECIPIENT.search(told) or not _BARE.search(said) or _TELLS_MORE.search(said):
        return False
    return bool(_AFTER_THE_TEXT.search(told)) or not _names_the_address(said)


def _names_the_address(said: str) -> bool:
    """Whether the address stands in the server's own answer, not only in the line that introduces it."""
    bare = _BARE.search(said)
    if bare is None:
        return False
    start = max(0, bare.start() - 120)
    answer = said[start : bare.end() + 80]
    code = [match.end() for match in _CODE.finditer(answer[: bare.start() - start])]
    return bool(_NAMES.search(answer[code[-1] :] if code else said[bare.start() : bare.end() + 80]))
