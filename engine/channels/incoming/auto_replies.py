"""Whether a mail was written by a machine on a person's behalf (RFC 3834), and when that person says to be back."""

import re
from datetime import date, timedelta

from engine.channels.incoming.month_names import MONTHS
from engine.channels.incoming.parsed import Mail

# Of the programs' own subjects each stands before a colon, before the subject it answers, or alone.
_SUBJECT = re.compile(
    r"^\s*(?:\[?(?:automatic|automated) (?:reply|response|answer)|auto[- ]?(?:reply|response|answer|responder)\b|auto:"
    r"|out of (?:the )?office\b(?! hours)|ooo\b|away (?:from|until)"
    r"|(?:vacation|holiday|absence|away) (?:reply|response|message|notice|notification|auto)|on (?:vacation|leave|holiday)\b"
    r"|automatische (?:antwort|abwesenheit)|abwesenheits(?:notiz|assistent|meldung|nachricht|hinweis|benachrichtigung)"
    r"|abwesen(?:d|heit)\s*(?:[:|-]|bis|vom|$)|außer haus\b|nicht im (?:büro|haus)"
    r"|ich bin (?:im urlaub|nicht im büro|abwesend)"
    r"|réponse automatique|réponse d'absence|absen(?:t|te|ce)(?: du bureau| temporaire)?\s*(?:[:|(-]|jusqu|$)"
    r"|(?:message|avis|notification) d['’]absence|absence du bureau|en congés?\b"
    r"|respuesta autom|fuera de (?:la )?oficina|ausen(?:te|cia)(?: \S+){0,2}\s*(?::|hasta|$)|de vacaciones\b"
    r"|risposta automatica|fuori (?:sede|ufficio)|assen(?:te|za)(?: \S+){0,2}\s*(?::|fino|$)|in ferie\b"
    r"|resposta autom|fora do escrit|ausência(?: \S+){0,2}\s*(?::|até|$)|de férias\b"
    r"|automatisch (?:antwoord|bericht)|afwezig(?:heid\S*|$|:| tot)|niet aanwezig\b|buiten kantoor"
    r"|autoodpowied|odpowied. automatyczna|automatyczna odpowied|poza biurem|nieobecn|na urlopie\b"
    r"|autosvar|automatisk(?:t)? svar|frånvar|fraværs?|ikke til stede"
    r"|automaattinen (?:poissaolo)?vastaus|poissa(?:oloilmoitus|\s*(?::|$))"
    r"|automatická odpověď|mimo kancelář|automatická odpoveď|automatikus válasz|házon kívül"
    r"|otomatik (?:yanıt|cevap)|ofis dışında|răspuns automat|automatski odgovor|samodejni odgovor|automatinis atsakymas"
    r"|автоматический ответ|автоответ|нет на месте|автоматична відповідь|автоматичен отговор|αυτόματη απάντηση"
    r"|自動返信|自動応答|不在通知|自动(?:回复|答复)|自動回[覆復]|자동 ?(?:회신|응답)|부재 중|תשובה אוטומטית|رد تلقائي"
    r"|trả lời tự động|balasan otomatis|ตอบกลับอัตโนมัติ)",
    re.I,
)
# What programs say of themselves in the first lines, where headers and subject say nothing.
_SAYS_SO = re.compile(
    r"\bthis is an? (?:auto(?:matic|mated|matically generated)?)[ -]?(?:reply|response|answer|message|e-?mail)"
    r"|(?:dies(?:e[rs]?)? (?:ist|nachricht|e-?mail)|das ist)(?: \S+){0,3} automatisch (?:erstellt|generiert|erzeugt|versen)"
    r"|dies ist eine automatische (?:antwort|nachricht|e-?mail)|(?:ceci est|il s'agit d'|voici) ?une réponse automatique"
    r"|(?:este es un|esta es una) (?:mensaje|respuesta) autom|questa è una risposta automatica|esta é uma resposta autom"
    r"|dit is een automatisch|to jest (?:wiadomość|odpowiedź) automatyczna|to jest automatyczna|detta är ett automat",
    re.I,
)
_BULK = ("bulk", "auto_reply", "junk", "list")
_BACK = (
    r"until|till|through|back (?:in[^.\n]{0,25})?(?:on|from|at)?|return\w*(?: \S+){0,4} on|return\w*"
    r"|bis(?: einschließlich| zum)?|wieder(?: \S+){0,3} ab|zurück(?: am)?|ab dem|jusqu['’]au|de retour(?: le)?"
    r"|retour(?: le)?"
    r"|hasta(?: el)?|vuel\w+(?: el)?|regres\w+(?: el)?|fino al|torn\w+(?: il)?|rientr\w+(?: il)?|até(?: o dia)?"
    r"|volt\w+(?: \S+){0,2}|regress\w+(?: \S+){0,2}|tot(?: en met)?|terug(?: op)?|do(?: dnia)?|wrac\w+"
)
_NAMES = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_FORMS = (
    re.compile(r"(?P<year>20\d\d)-(?P<month>\d\d?)-(?P<day>\d\d?)"),
    re.compile(
        r"(?P<day>\d\d?)(?:st|nd|rd|th|er|º|\.)?\s*(?:of |de |di )?"
        rf"(?P<name>{_NAMES})\b\.?,?(?:\s*(?:de )?(?P<year>20\d\d))?"
    ),
    re.compile(rf"(?P<name>{_NAMES})\b\.?\s*(?P<day>\d\d?)(?:st|nd|rd|th)?\b(?:,?\s*(?P<year>20\d\d))?"),
    re.compile(r"(?P<day>\d\d?)[./](?P<month>\d\d?)(?:[./](?P<year>20\d\d|\d\d))?"),
)
_AFTER_WORD = re.compile(rf"\b(?:{_BACK})\b[^\n\d]{{0,40}}?(?=\d|\b(?:{_NAMES})\b)", re.I)
_APPLE = re.compile(r"endDate=(\d{4})-(\d\d)-(\d\d)")
_FARTHEST = timedelta(days=120)


def is_auto_reply(mail: Mail, new_text: str) -> bool:
    """A machine's answer, `new_text` without its quotes. Ask for a bounce first: bounces carry the same headers."""
    if mail.header("auto-submitted").split(";")[0].strip().lower() not in ("", "no"):
        return True
    if any(mail.header(name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-apple-action")):
        return True
    if mail.header("precedence").strip().lower() in _BULK:
        return True
    if is_said_in(mail.subject) or _SAYS_SO.search(new_text[:300]):
        return True
    # Exchange adds this to people's mails too; an empty envelope sender is what a machine answers with.
    suppress = bool(mail.header("x-auto-response-suppress"))
    return mail.header("return-path").strip() == "<>" and (suppress or bool(mail.answers))


def is_said_in(subject: str) -> bool:
    """Whether the subject is one that programs give to automatic answers."""
    return _SUBJECT.search(subject) is not None


def back_on(mail: Mail, arrived: date) -> date | None:
    """The day that the mail gives as the return, if it is ahead and not too far."""
    told = _APPLE.search(mail.header("x-apple-criteria"))
    if told:
        return _ahead(_day(*map(int, told.groups())), arrived)
    text = f"{mail.subject}\n{mail.text}"[:4000].casefold()
    for word in _AFTER_WORD.finditer(text):
        found = _date_at(text[word.end() : word.end() + 40], arrived)
        if found is not None:
            return found
    return None


def _date_at(text: str, arrived: date) -> date | None:
    for form in _FORMS:
        match = form.match(text)
        if match is None:
            continue
        parts = match.groupdict()
        month = MONTHS[parts["name"]] if parts.get("name") else int(parts["month"])
        return _nearest(parts.get("year"), month, int(parts["day"]), arrived)
    return None


def _nearest(year: str | None, month: int, day: int, arrived: date) -> date | None:
    if year:
        return _ahead(_day(int(year) + (2000 if len(year) == 2 else 0), month, day), arrived)
    this, following = _day(arrived.year, month, day), _day(arrived.year + 1, month, day)
    return _ahead(this, arrived) or _ahead(following, arrived)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _ahead(day: date | None, arrived: date) -> date | None:
    return day if day is not None and arrived <= day <= arrived + _FARTHEST else None
