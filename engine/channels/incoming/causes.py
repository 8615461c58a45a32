"""Why a server would not deliver, from its status, its reply code and its words; and which causes last for good.

Only a fault of the address itself is permanent: no such person, no such domain, moved away, a domain that takes no mail.
A full or closed mailbox, a policy, a reputation and everything temporary say nothing about whether the person exists.
"""

import re
from enum import StrEnum


class Cause(StrEnum):
    USER_UNKNOWN = "user_unknown"
    HOST_UNKNOWN = "host_unknown"
    MOVED = "moved"
    TAKES_NO_MAIL = "takes_no_mail"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_CLOSED = "mailbox_closed"
    FILTERED = "filtered"  # says that nobody is there, but as filters do that only pretend it
    REFUSED = "refused"  # content, policy, reputation, authentication: about the mail or its sender
    TOO_BIG = "too_big"
    EXPIRED = "expired"
    SYSTEM = "system"
    UNKNOWN = "unknown"

    @property
    def is_hard(self) -> bool:
        return self in _HARD


_HARD = frozenset({Cause.USER_UNKNOWN, Cause.HOST_UNKNOWN, Cause.MOVED, Cause.TAKES_NO_MAIL})


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.I)


# Asked in this order: what is about the mail or passes by itself is asked before what would condemn the address.
_WORDS: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (
        Cause.MAILBOX_FULL,
        _any(
            r"(?:mail ?box|mail ?file|in-?box|account|maildir|storage|user|recipient|folder)\S*(?: \S+){0,4} "
            r"(?:is |are |has become )?(?:almost |currently )?(?:full|over ?-?quota)\b",
            r"full mailbox|mailfolder is full|delivery failed: over quota",
            r"(?:over|exceed\w*|exceeds|above|out of|out of its|beyond|not within)(?: \S+){0,5} "
            r"(?:disk |storage |mail ?box |mail |message )?(?:quota|storage limit|disk space|space limit|size limit)",
            r"quota (?:is |has been |was )?(?:exceeded|violation|reached|full|used up|over)|over ?-?quota|quota_?exceeded",
            r"(?:mail ?box|storage|disk)\S*(?: \S+){0,3} (?:limit|size|quota)(?: \S+){0,4} (?:exceeded|reached|allowed)",
            r"(?:insufficient|not enough|no more|no) (?:disk|storage|mail ?box|free)? ?space",
            r"too (?:much|many) (?:mail|messages|data)(?: \S+){0,4} (?:mail ?box|stored|quota)",
            r"exceeded (?:storage|disk|mail) ?(?:allocation|space)?|maximum (?:mail)?box size",
            r"postfach(?: \S+){0,3} (?:ist )?(?:voll|überfüllt)|quota überschritten|bo[iî]te(?: \S+){0,4} (?:est )?pleine"
            r"|quota (?:dépassé|superad\w|excedid\w|superat\w|overschreden)"
            r"|buz[oó]n(?: \S+){0,3} (?:est[aá] )?lleno|casella(?: \S+){0,3} (?:è )?piena|caixa(?: \S+){0,4} cheia"
            r"|(?:postvak|mailbox)(?: \S+){0,2} (?:is )?vol\b|skrzynka(?: \S+){0,3} (?:jest )?pełna"
            r"|переполнен|ящик полон|邮箱已满|信箱已滿|一杯のため|容量(?:を)?(?:超過|オーバー|不足)|いっぱい",
        ),
    ),
    (
        Cause.TOO_BIG,
        _any(
            r"(?:message|mail|e-mail|content|size)(?: \S+){0,6} "
            r"(?:too (?:big|large|long)|exceeds(?: \S+){0,6} (?:size|limit|maximum)|larger than)",
            r"message size (?:exceeds|limit)|size limit|max(?:imum)? message size|line limit exceeded"
            r"|nachricht(?: \S+){0,3} zu groß|trop volumineux|demasiado grande",
        ),
    ),
    (
        Cause.EXPIRED,
        _any(
            r"(?:deliver\w*|retry|retries|queue|message|connection)(?: \S+){0,8} "
            r"(?:expired|timed? ?-?out|time ?limit|for too long|too many (?:times|hops|retries))",
            r"(?:expired|timed out)(?: \S+){0,3} (?:deliver|queue|waiting|connect|sending|recipient)",
            r"retry time(?:out)? (?:not reached|exceeded)|retry timeout|unable to (?:connect|reach)|could not connect"
            r"|connection (?:refused|timed out|reset|lost|dropped)|conversation with \S+ timed out|lost connection"
            r"|could not be delivered for (?:\S+ )?(?:\d+|too|more)|(?:has|have) been (?:in|on) the (?:mail )?queue"
            r"|(?:days|hours)(?: \S+){0,6} (?:undelivered|will be deleted|without success)"
            r"|(?:not|n't) been delivered(?: \S+){0,6} (?:days|hours)|delivery delay|will (?:keep|continue) (?:to )?try"
            r"|will be retried|too many hops|hop count exceeded|mail loop|loops? back to|routing loop|no route to host"
            r"|network (?:is )?unreachable|host (?:is )?(?:unreachable|not reachable)|temporarily (?:deferred|rejected)"
            r"|zustellung(?: \S+){0,4} verzögert|délai (?:expiré|dépassé)|tiempo de espera",
        ),
    ),
    (
        Cause.REFUSED,
        _any(
            r"\b(?:spf|dkim|dmarc|arc|sender ?id|rdns|dnsbl|rbl|surbl|uribl|spamhaus|spamcop|sorbs|barracuda|senderbase"
            r"|trend micro|proofpoint|cloudmark|mimecast)\b",
            r"spam|\bvirus|malware|phish|unsolicited|bulk mail|blacklist|block ?list|black ?hole|grey ?list|gray ?list",
            r"may not exist, or you may not have permission|\b(?:blocked|banned"
            r"|blacklisted|throttl\w+|rate ?limit\w*|suspicious|reputation|poor sender)\b",
            r"(?:policy|policies|security) ?(?:reasons?|violations?|restrictions?|settings?)|\bpolicy\b"
            r"|(?:local|administrative|administratively|site)[- ](?:policy|prohibit\w*)|prohibited",
            r"reverse (?:dns|lookup|mapping)|\bptr\b|hostname (?:lookup|verification)|cannot (?:find|resolve) your"
            r"|(?:your|client|sending|sender'?s?) (?:ip|host|server|address|domain|mta|network|helo|reverse)(?: \S+){0,6} "
            r"(?:reject|refus|block|denied|not (?:allowed|found|exist|permitted|accepted|resol)|does(?:n't| not))",
            r"(?:sender|mail from|from address|return path|originator|envelope)(?: \S+){0,4} "
            r"(?:reject|refus|denied|not (?:allowed|valid|permitted|authorized|exist)|verif|does(?:n't| not)|invalid)",
            r"relay(?:ing)?(?: \S+){0,4} (?:denied|not|prohibited|refused|disallowed|access)|(?:not|unable to|cannot) relay"
            r"|mail server requires authentication|authentication (?:required|failed|is required)|not authenti\w+",
            r"(?:content|attachment|header|message|mail|e-mail|transaction|data|body)(?: \S+){0,4} "
            r"(?:reject\w*|refused|filter\w*|not (?:allowed|accepted(?! -- invalid)|permitted|compliant)|denied|blocked"
            r"|contain\w*)",
            r"(?:too (?:many|fast)|exceed\w*)(?: \S+){0,5} (?:connections?|recipients|messages|rate|concurren\w+|errors)"
            r"|rfc ?(?:2822|5322|822(?! ?;)|5321)|(?:bare|missing)(?: \S+){0,2} (?:lf|header|from)|syntax error|8-?bit"
            r"|not authori[sz]ed|permission denied|please use the smtp server|only accepts|receiving mail at a rate"
            r"|(?:recipient|user|person|e-?mail)\S*(?: \S+){0,4} preferences|invalid (?:ip|helo|sender)\b",
        ),
    ),
    (
        Cause.MAILBOX_CLOSED,
        _any(
            r"(?:account|mail ?box|user|recipient|address|e-?mail|customer|contact)\S*(?: \S+){0,5} "
            r"(?:suspended|disabled|deactivated|inactive|inactivated|locked|expired|frozen|closed for|not active|on hold"
            r"|temporarily)",
            r"(?:disabled|suspended|inactive|deactivated|locked|expired) (?:account|mail ?box|user|recipient|address)",
            r"disabled or discontinued|has been (?:suspended|disabled|deactivated|locked)",
            r"(?:konto|postfach)(?: \S+){0,3} (?:gesperrt|deaktiviert)|compte (?:suspendu|désactivé)",
        ),
    ),
    (
        Cause.MOVED,
        _any(
            r"(?:has|have|user) (?:been )?moved|(?:address|mail ?box|user|recipient)(?: \S+){0,4} "
            r"(?:has|was|is) (?:been )?(?:changed|replaced|moved)|no longer (?:works|working|employed|with)|left the company"
            r"|new (?:e-?mail )?address is",
        ),
    ),
    (
        Cause.TAKES_NO_MAIL,
        _any(
            r"(?<!user )(?<!recipient )does(?: not|n't) (?:accept|receive) (?:any )?(?:e?-?mail|mail|messages)"
            r"|null ?mx|nullmx|no (?:mail|smtp) service|(?:host|system|domain) (?:is )?not accepting "
            r"(?:any |network )?(?:e?-?mail|messages)"
            r"|no smtp (?:server|service)",
        ),
    ),
    (
        Cause.USER_UNKNOWN,
        _any(
            r"(?:user|recipient|mail ?box|address|account|addressee|person|login|username|customer|alias|name|rcpt|inbox"
            r"|destination)\S*(?: \S+){0,6}[ :=(]+(?:is |was |are |were |be |been )?(?:currently |an? )?"
            r"(?:unknown|not (?:known|found|exist|valid|listed|available|recogni[sz]ed|here|be found|have an?|present"
            r"|registered|a valid|local|our customer|in)|invalid|unavailable|does(?: not|n't|nt) (?:exist|have|match)"
            r"|do(?: not|n't) exist|no longer|nonexistent|non-existent|isn't|unrouteable|undeliverable|illegal|incorrect"
            r"|terminated|has been (?:deleted|removed|terminated)|(?:cannot|could ?not|couldn't) be found)",
            r"(?:unknown|invalid|no such|nonexistent|non-existent|bad|illegal|not (?:a "
            r"|our )?(?:valid |known |local )?)[ -]?"
            r"(?:local |destination |rcpt |mail |e-?mail |virtual |system |to )*"
            r"(?:user|recipient|mail ?box|address|account|person|addressee|customer|alias|local[- ]?part|name|rcpt)",
            r"does(?: not|n't) (?:have an?|exist|list)|doesn.t have a \S+ account|no (?:such|account|mailbox|valid|matches)"
            r"(?: \S+){0,3} (?:here|user|found|name|recipient|account|mailbox|by that|with that|address|match)",
            r"(?:can'?t|cannot|can not|could ?n.?t|unable to) (?:find|locate|verify|resolve|open)(?: \S+){0,4} "
            r"(?:user|recipient|mail ?box|address|account)",
            r"(?:not|n't) listed in|user unknown|unrouteable address|undefined (?:alias|mail alias)|not a known user"
            r"|address(?:ee)? unknown|recipient unknown|invalid final delivery"
            r"|account (?:has been )?(?:closed|deleted|removed|terminated)"
            r"|recipnotfound|resolver\.adr\.|(?:no|not)[- ]?such[- ]?user|nosuchuser|unknown (?:local[- ]part|or illegal)",
            r"recipient address rejected: access denied|(?:address|email|user)(?: \S+){0,3} wasn't found"
            r"|(?:delivery|e-?mail|message)(?: \S+){0,4} not (?:deliver\w*|sent)(?: \S+){0,8} (?:invalid|incorrect) address",
            r"(?:benutzer|empf[äa]nger|adresse|adressat|postfach|konto)(?: \S+){0,5} (?:ist )?(?:unbekannt|existiert nicht"
            r"|nicht (?:gefunden|bekannt|vorhanden|erreichbar))|unbekannter? (?:benutzer|empf)|kein (?:solcher|postfach)",
            r"(?:utilisateur|destinataire|adresse|compte|bo[iî]te)(?: \S+){0,5} (?:inconnue?|n'existe pas|introuvable"
            r"|invalide|inexistante?|non trouvée?)",
            r"(?:usuario|destinatario|direcci[oó]n|cuenta"
            r"|buz[oó]n)(?: \S+){0,5} (?:desconocid[oa]|no (?:existe|encontrad[oa]"
            r"|v[aá]lid[oa])|inexistente|inv[aá]lid[oa])",
            r"(?:utente|destinatario|indirizzo|casella)(?: \S+){0,5} (?:sconosciut[oa]|inesistente|non (?:esiste|trovat[oa]"
            r"|valid[oa]))|(?:usu[aá]rio|destinat[aá]rio|endere[cç]o|conta)(?: \S+){0,5} (?:desconhecid[oa]"
            r"|n[aã]o (?:existe|encontrad[oa])|inexistente|inv[aá]lid[oa])",
            r"(?:gebruiker|ontvanger|adres)(?: \S+){0,4} (?:onbekend|bestaat niet|niet gevonden)"
            r"|(?:użytkownik|odbiorca|adres|konto)(?: \S+){0,4} (?:nieznany|nie (?:istnieje|znalezion\w+))"
            r"|(?:получатель|пользователь|адрес|ящик)(?: \S+){0,4} (?:не (?:найден|существует)|неизвест)"
            r"|用户不存在|收件人不存在|(?:帐|账|帳)(?:户|号|戶|號)不存在|宛先不明|(?:メール)?アドレスが(?:見つかりません"
            r"|存在)"
            r"|ユーザー?が(?:見つかりません|存在)|宛先が見つか|該当(?:する)?ユーザ|宛先のユーザー"
            r"|(?:地址|用户|用戶|收件人)[^\n]{0,60}不存在|존재하지 않는|없는 (?:사용자|계정)"
            r"|(?:mottagar|användar|adress|modtager|bruger|mottaker|bruker)\w*(?: \S+){0,4} "
            r"(?:okänd|ukendt|ukjent|finns inte|findes ikke|finnes ikke|hittades inte|blev ikke fundet)"
            r"|(?:příjemce|uživatel|adresa|schránka)(?: \S+){0,4} (?:neexistuje|neznám\w|nebyl\w? nalezen\w?)"
            r"|(?:címzett|felhasználó)(?: \S+){0,4} (?:nem létezik|ismeretlen|nem található)"
            r"|(?:alıcı|kullanıcı|adres)(?: \S+){0,4} (?:bulunamadı|yok|mevcut değil)"
            r"|(?:destinatarul|utilizatorul|adresa)(?: \S+){0,4} (?:nu există|necunoscut)",
        ),
    ),
    (
        Cause.HOST_UNKNOWN,
        _any(
            r"(?:host|domain|server|mail ?server|mx|exchanger|domain name)\S*(?: \S+){0,6}[ :=(]+(?:is |was |be )?"
            r"(?:unknown|not (?:known|found|exist)|does(?: not|n't) (?:exist|resolve)|invalid|couldn't be found"
            r"|could ?not be (?:found|resolved)|can ?not be (?:found|resolved|reached)"
            r"|has no (?:mx|a\b|mail)|isn't|lookup fail"
            r"|name not found|unrouteable|no data)",
            r"(?:unknown|no such|invalid|unrouteable|nonexistent|unresolvable|bad|illegal|incorrect) "
            r"(?:destination |mail |recipient |target )?(?:host|domain|server|system|mail domain)",
            r"nxdomain|no (?:mx|such domain|such host|mail exchanger|a record|dns|route)|all relevant mx records"
            r"|dns (?:error|type|lookup)[^\n]{0,40}(?:not found|fail|no such|nothing appropriate)|name or service not known"
            r"|(?:cannot|can't|could ?n.?t|unable to) (?:find|resolve|locate)(?: \S+){0,4} (?:host|domain|mx|server|name)"
            r"|name server: \S+ host not found|host or domain name not found|domain(?: \S+){0,3} couldn't be found"
            r"|domain(?: \S+){0,4} (?:does not|doesn't) appear to be registered"
            r"|responded with no data|domain unbekannt|domaine inconnu|dominio (?:desconocido|inesistente|no existe)",
        ),
    ),
    (
        Cause.SYSTEM,
        _any(
            r"(?:local|system|server|internal|configuration|configure|i/o|disk|database|delivery agent|mailer)(?: \S+){0,3} "
            r"(?:error|failure|problem|trouble)|try again|temporar|(?:command|service) (?:failed|died|not available|un)"
            r"|unknown mailer error|input/output|can't create|out of memory|resources? (?:temporarily|unavailable)",
        ),
    ),
)

_BY_STATUS: tuple[tuple[str, Cause], ...] = (
    (r"5\.1\.[16]|5\.1\.10|5\.1\.4|5\.1\.3|5\.1\.0", Cause.USER_UNKNOWN),
    (r"5\.1\.2|5\.4\.4", Cause.HOST_UNKNOWN),
    (r"5\.1\.6", Cause.MOVED),
    (r"[45]\.1\.[78]|[45]\.7\.\d+|5\.6\.\d+|5\.5\.\d+", Cause.REFUSED),
    (r"[45]\.2\.2", Cause.MAILBOX_FULL),
    (r"[45]\.2\.[014]", Cause.MAILBOX_CLOSED),
    (r"[45]\.[23]\.[34]", Cause.TOO_BIG),
    (r"4\.4\.7|5\.4\.[67]|4\.\d+\.\d+", Cause.EXPIRED),
    (r"[45]\.[34]\.\d+", Cause.SYSTEM),
)
# A status that speaks of the mailbox or the mail outweighs words that only sound like "unknown".
_STATUS_FIRST = re.compile(r"[45]\.2\.[024]|4\.2\.1|5\.7\.\d+|4\.7\.\d+|4\.2\.\d+|[45]\.3\.4|4\.4\.7")
_CONDEMNED = re.compile(r"5\.1\.[1-36]|5\.1\.10")
_ONLY_TEMPORARY = re.compile(r"4\.\d+\.\d+")
_LINK = re.compile(
    r"https?://\S*(?:mimecast|proofpoint|barracuda|trendmicro)\S*", re.I
)  # a filter's name in the address of its help page says nothing about why
_CODE_CLASS = re.compile(r"(?:^|\D)([45])\d\d(?:\D|$)")


def cause_of(status: str, code: str, words: str) -> Cause:
    """Why, by an RFC 3463 status ("5.1.1" or ""), an SMTP reply code ("550" or "") and what the server said."""
    said = _LINK.sub("", " ".join(words.split()))[:4000]
    spoken = next((cause for cause, pattern in _WORDS if pattern.search(said)), Cause.UNKNOWN)
    coded = by_status(status)
    if spoken in (Cause.UNKNOWN, Cause.SYSTEM):
        return _tempered(coded if coded is not Cause.UNKNOWN else spoken, status, code)
    if coded.is_hard and _CONDEMNED.fullmatch(status) and spoken is Cause.MAILBOX_CLOSED:
        return coded
    if spoken.is_hard and _STATUS_FIRST.fullmatch(status):
        return coded
    return _tempered(spoken, status, code)


def by_status(status: str) -> Cause:
    return next((cause for pattern, cause in _BY_STATUS if re.fullmatch(pattern, status)), Cause.UNKNOWN)


def _tempered(cause: Cause, status: str, code: str) -> Cause:
    """A server that says "for now" does not condemn an address, whatever words it finds."""
    is_temporary = bool(_ONLY_TEMPORARY.fullmatch(status)) or (not status and code.startswith("4"))
    return Cause.EXPIRED if cause.is_hard and is_temporary else cause
