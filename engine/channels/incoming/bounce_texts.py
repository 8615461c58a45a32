"""What bounces without a machine-readable report look like: how they are known and where they name whom they concern."""

import re
from collections.abc import Iterator

from engine.channels.incoming.auto_replies import is_said_in
from engine.channels.incoming.parsed import Mail

_AT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,250}[A-Za-z0-9]"
_DAEMON = re.compile(
    r"mailer-?daemon|post-?master|mail(?:er)? ?deliver\w*|delivery (?:sub)?system|mail ?delivery|mdaemon|mail administrator"
    r"|system administrator|internet mail|mail ?system|bounce|undeliver|exchange(?:daemon)?@|microsoftexchange|no-?reply"
    r"|mail ?router|(?:admin|root|daemon|mmdf|smtp|listserv|postmeister|mailgw|mailgate)\S*@",
    re.I,
)
_SUBJECT = re.compile(
    r"undeliver|un-deliver|returned (?:e-?)?mail|mail (?:could|can)not be|returned to sender|return(?:ed)? message|delivery "
    r"(?:status|fail|report|error|problem|warning|has failed|incomplete|unsuccess|delay|notification"
    r"|failure|to the following)"
    r"|fail\w*(?: \S+){0,3} (?:deliver|notice|mail|message|notification)|(?:mail|message|e-mail)(?: \S+){0,4} "
    r"(?:fail|error|not delivered|undeliver|delay|problem|returned|could not|couldn't|rejected|bounced|permfail|blocked)"
    r"|non-?delivery|nondeliverable|not delivered|could not (?:be )?(?:send|deliver|sent)|bounce|user unknown|mailbox "
    r"(?:full|unavailable)|unzustellbar|zustell\w*(?: \S+){0,3} (?:fehl|nicht|status|gescheitert|verzög)|nicht zugestellt"
    r"|unable to deliver|rejected(?: \S+){0,3} (?:mail|message)|(?:warning|attention|error): ?(?:message|could|mail|e-mail)"
    r"|non remis|échec (?:de |d')|remise|non distribu|avis de non|n'a pas pu être|no (?:se )?(?:pudo|entregad|ha podido)"
    r"|devuelto|entrega(?: \S+){0,3} (?:fall|fehl|err)|mancat\w+ (?:recapito|consegna)|non recapit|impossibile"
    r"|recapito non|não (?:foi )?(?:entregue|pôde)|falha na entrega|onbestelbaar|niet (?:worden )?(?:afgeleverd|bezorgd)"
    r"|niedostarcz|nie dostarcz|zwrot|недостав|не доставлен|возвра|退信|无法投递|系统退信|エラー(?:通知"
    r"|メール)|配信(?:不能|エラー)"
    r"|送信(?:できません|エラー)|メールエラー|投递失败|傳送失敗|반송"
    # As Exchange has it in more languages.
    r"|não é possível entregar|não entreg|nie można dostarczyć|inte att leverera|ikke leveres"
    r"|leverans|levering\w* (?:mis|til)"
    r"|voi(?:tu|da)? toimittaa|toimitus|nedoruč|doručení|kézbesít|teslim edil|nelivr|не уда[её]тся доставить|сбой доставки"
    r"|未送达|未傳遞|未能传递|無法傳遞|无法传递|배달되지|전송 실패|δεν παραδόθηκε|αδύνατη η παράδοση",
    re.I,
)
_STRONG_DAEMON = re.compile(r"mailer-?daemon|mail delivery (?:sub)?system|microsoftexchange|post-?master@", re.I)
_REJECTED = re.compile(r"automatically rejected|(?:has been|was) (?:refused|rejected) by the recipient|quota exceeded", re.I)
_EVIDENCE = re.compile(r"(?:^|\D)[45]\d\d[ -]\S|(?<![\d.])[45]\.\d\.\d{1,3}(?![\d.])|smtp", re.I)
_FAILED = re.compile(
    r"(?:could|can|was|were|has|have|did|does|is|been|will)(?: ?not|n't)(?: \S+){0,5} "
    r"(?:be |been )?(?:deliver\w*|reach\w*|sent|accept\w*|processed|relayed|forwarded|exist)"
    r"|unable to (?:deliver|send|accept|relay)|undeliver|deliver\w*(?: \S+){0,6} (?:fail|error|problem|unsuccess|permanent)"
    r"|(?:fail|error|problem)\w*(?: \S+){0,5} (?:deliver|recipient|address|destination)|returned (?:mail|to|message)"
    r"|(?:mail|message)(?: has been| was| is(?: being)?) (?:returned|postponed)|(?:been|was|is) postponed|full mailbox"
    r"|permanent(?:ly)? (?:fatal )?(?:error|fail)|following (?:address|recipient|user)|unknown (?:user|recipient|address)"
    r"|user unknown|no such user|rejected|(?:^|\D)5[0-5]\d[ -](?:5\.\d\.\d|\S+)|mailbox(?: \S+){0,4} full|over quota"
    r"|(?:nicht|konnte)(?: \S+){0,5} zugestellt|n'a pas (?:pu|été)|no (?:se )?(?:pudo|ha)|non (?:è stato|recapit)"
    r"|não (?:foi|pôde)|niet(?: \S+){0,4} (?:bezorgd|afgeleverd)|送信できません|配信できません|届け|退回|无法",
    re.I,
)
_CUT = re.compile(
    r"^(?:[ >]*-{2,}[ \w,.:;'()]*(?:original|copy of|below (?:this|is)|returned|unsent"
    r"|undelivered|message header|headers? of|"
    r"message follows|body of|text of|included is|your message|forwarded|ursprüngliche|message d'origine|mensaje original)"
    r"|[ ]*(?:original (?:message|mail) (?:follows|headers?|text)|the (?:header|headers"
    r"|text|body) of the (?:original )?message"
    r"|(?:message|unsent message|headers?) (?:follows|below)|your original (?:message|mail)|a copy of the"
    r"|included (?:below|is a copy)|\[?original message)|(?:return-path|received): ).*$",
    re.I | re.M,
)
_QUOTED_SESSION = re.compile(r"^>>> .*$", re.M)
_LINE = re.compile(rf"^(?P<lead>[^\n@]{{0,60}}?)[<\"'(\[]?(?P<address>{_AT})[>\"')\]]?(?P<rest>[^\n]*)$", re.M)
_INTRODUCES = re.compile(
    r"(?:recipient|address|user|to|deliver\w*|mailbox|for|account|reach\w*"
    r"|recipients?\(s\)|destination|failed|empf\w+|destinat\w+"
    r"|宛先|アドレス)[^\n]{0,20}$",
    re.I,
)
_ABOUT_US = re.compile(r"^\s*(?:from|sender|reply-to|cc|date|subject|sent|message-id|return-path|originator)\b", re.I)


def looks_like_bounce(mail: Mail) -> bool:
    """By who writes, under which subject, and what it says; an answer of a person under such a subject is none."""
    if mail.header("x-failed-recipients") or mail.report_type == "delivery-status":
        return True
    if mail.report_type == "disposition-notification":
        return bool(_REJECTED.search(own_words(mail)))  # as Sieve's reject says it (RFC 5429), and Dovecot of a full box
    if mail.report_type or "feedback-type:" in mail.report.lower():
        return False
    empty = mail.header("return-path").strip() == "<>"
    if _is_reply(mail) and not empty:
        return False  # people have "bounce" in their names, "admin" in their addresses, and deliveries that fail
    sender, subject = mail.header("from"), mail.subject
    by_machine = sender.strip() == "<>" or bool(_DAEMON.search(sender)) or (empty and not _is_reply(mail))
    text = own_words(mail)[:6000]
    if by_machine and _SUBJECT.search(subject):
        return True
    names = bool(_LINE.search(text) or mail.returned)
    failed = bool(_FAILED.search(text))
    told = not sender or bool(mail.returned) or (names and bool(_EVIDENCE.search(text)))
    if _SUBJECT.search(subject) and failed and told:
        return True
    if _STRONG_DAEMON.search(sender) and names and (empty or _is_answer(mail)):
        return True  # in whatever language
    return by_machine and failed and names and not _is_auto_reply(mail)


def _is_reply(mail: Mail) -> bool:
    return bool(re.match(r"\s*(?:re|aw|sv|antw|rv|res|r|odp|ref)\s*(?:\[\d+\])?\s*:", mail.subject, re.I))


def _is_answer(mail: Mail) -> bool:
    return mail.header("auto-submitted").lower().startswith("auto-") and not is_said_in(mail.subject)


def _is_auto_reply(mail: Mail) -> bool:
    is_answer = mail.header("auto-submitted").lower().startswith("auto-replied")
    return (is_answer or bool(mail.header("x-autoreply"))) and not re.search(r"(?:^|\D)5\d\d[ -]5\.\d", mail.text)


def own_words(mail: Mail) -> str:
    """What the reporting system itself says: the text up to where the returned mail begins."""
    text = mail.text or mail.report
    cut = next((match for match in _CUT.finditer(text) if match.start() > 40), None)
    return text[: cut.start()] if cut else text


def told_in_text(mail: Mail) -> list[tuple[str, str]]:
    """Whom the text names as not reached → what it says about each."""
    named = [each.lower() for each in re.findall(_AT, mail.header("x-failed-recipients"))]
    text = own_words(mail)
    us = {each.lower() for name in ("to", "from", "reply-to", "cc") for each in re.findall(_AT, mail.header(name))}
    found = list(_lines(text, us))
    if named:
        said = dict(found)
        return [(address, said.get(address, text)) for address in dict.fromkeys(named)]
    strong = [(address, said) for address, said, sure in _judged(found, text) if sure]
    return strong or found[:1]


def _lines(text: str, us: set[str]) -> Iterator[tuple[str, str]]:
    """Each address that is named on a line → that line and those after it, up to the next address."""
    places = [match for match in _LINE.finditer(text) if not _ABOUT_US.match(match.group("lead"))]
    seen: set[str] = set()
    for number, match in enumerate(places):
        address = match.group("address").lower().rstrip(".").removeprefix("smtp=")  # as X.400 gateways write it
        if address in us or address in seen or re.match(r"(?:postmaster|mailer-daemon|abuse|helpdesk|support)@", address):
            continue
        seen.add(address)
        later = (other for other in places[number + 1 :] if other.group("address").lower() != address)
        end = next((other.start() for other in later), len(text))
        yield address, text[match.start() : max(match.end(), min(end, match.start() + 2500))] + _before(text, match.start())


def _before(text: str, place: int) -> str:
    """A system that names the reason first and the address after it."""
    return "\n" + text[max(0, place - 400) : place] if place else ""


def _judged(found: list[tuple[str, str]], text: str) -> Iterator[tuple[str, str, bool]]:
    for address, said in found:
        place = text.lower().find(address)
        introduced = bool(_INTRODUCES.search(text[max(0, place - 90) : place].rstrip(" <\"'([\n:")))
        yield address, said, introduced or bool(_FAILED.search(said[:600]))
