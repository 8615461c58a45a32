"""Whether somebody asks not to be written to any more, in eight languages; read from what is new in a mail."""

import re

_LIST = r"(?:list|database|mailing|verteiler|liste|lista|newsletter|lijst|bestand|baz\w+)"
_MAILS = (
    r"(?:e-?mails?|mails?|messages?|nachrichten|werbung|newsletter|courriels?|messaggi|correos?|mensajes|mensagens|maili)"
)
_WISHES = {
    "en": (
        r"\bun-?subscribe\b|\bopt(?:ing)?[ -]?out\b|^\W*(?:please )?remove\W*$|leave me alone|\bcease (?:all )?contact",
        r"(?:^|[.!?]\s*)no,? thank(?:s|(?: you))\b(?!\s+(?:for|to|needed|necessary|required))",
        r"(?:remove|delete|take|drop) (?:me|us|my (?:e-?mail|address|name|details|data|contact))\b(?!-)",
        rf"(?:remove|take)[^.\n]{{0,12}} (?:off|from|out of)[^.\n]{{0,12}} {_LIST}",
        r"\b(?:stop|quit) (?:e-?mailing|writing|contacting|sending|mailing|spamming|messaging) (?:me|us)\b",
        rf"\b(?:stop|quit) (?:e-?mailing|spamming|sending (?:me |us )?(?:these |your |any )?{_MAILS})",
        r"^\W*(?:please )?stop\W*$",
        r"(?:do not|don['’]?t|never) (?:e-?mail|contact|write)(?: to)? (?:me|us)\b",
        r"(?:do not|don['’]?t|never) (?:e-?mail|contact|write|send)[^.\n]{0,20} (?:again|any ?more)",
        rf"(?:no longer|(?:do not|don['’]?t)) (?:wish|want|like) to (?:receive|get|hear)[^.\n]{{0,24}}(?:{_MAILS}|from you)",
        r"(?:not|no longer) interested\b(?! in (?:the|this|that|a|an|an?other) )",
    ),
    "de": (
        r"^\W*(?:bitte )?(?:ab(?:melden|bestellen)|aus(?:tragen)|abmeldung)\W*$|(?:mich|uns) (?:bitte )?(?:ab|aus)\W*$",
        r"(?:mich|uns)[^.\n]{0,30} (?:abmelden|abbestellen|austragen|streichen|löschen)\b|bitte (?:abmelden|austragen)\b",
        r"(?:nehm|lösch|streich|entfern|trag)\w* sie (?:bitte )?(?:mich|uns|mein\w*|unser\w*)\b",
        rf"(?:mich|uns|adresse)[^.\n]{{0,30}} (?:aus|von) (?:ihr\w+|der|dem|eur\w+|diese\w+) {_LIST}",
        rf"(?<!lese )(?<!habe )(?<!bekomme )(?<!erhalte )(?<!empfange )keine? (?:weiteren )?{_MAILS}\b(?! von \w+,)",
        r"(?:mich|mir|uns)[^.\n]{0,20} nicht (?:mehr|weiter) ?(?:zu )?(?:kontaktier|anschreib|schreib|anmail|mail|$|[.!])",
        r"nicht (?:mehr|weiter) (?:kontaktieren|anschreiben|schreiben)|unterlassen sie|kein(?:erlei)? interesse",
        r"nein,? danke",
        r"nicht (?:daran )?interessiert",
    ),
    "fr": (
        r"\bd[ée]s(?:inscri|abonn)\w+|(?:^|[.!?]\s*)non,? merci\b(?! d)|arr[êe]tez (?:de|vos)\b[^.\n]{0,25}",
        r"ne pas (?:me |m['’]|nous )(?:contact|écri|sollicit)\w*",
        r"(?:ne|n['’])[^.\n]{0,10}(?:écri|contact|envoy)\w+[- ]?(?:moi )?plus\b|ne plus (?:être|recevoir|me|nous)\b",
        r"(?:souhait|veux|voul|désir)\w* (?:plus|pas) (?:recevoir|être (?:contact|sollicit))",
        r"(?:retir|supprim|effac|enlev)\w*[- ](?:moi|mon|mes|nous|notre|nos)\b|me (?:retirer|supprimer|désinscrire)",
        r"pas (?:du tout )?intéressée?s?\b",
    ),
    "es": (
        r"(?:darme|dar(?:me|nos|se)?|dame|d[eé]nme|denos|d[eé]me) de baja|^\W*(?:por favor,? )?baja\W*$",
        r"(?:^|[.!?]\s*)no,? gracias",
        r"no (?:me |nos )?(?:escrib\w+|contact\w+|env[ií]\w+|mand\w+)[^.\n]{0,15} m[aá]s|cancelar (?:la |mi )?su[bs]\w+",
        r"(?:elim[ií]n|qu[ií]t|b[oó]rr|s[aá]qu)\w*[^.\n]{0,20} (?:de (?:su|la|tu|vuestra) lista|mis datos"
        r"|mi (?:correo|e-?mail))",
        rf"no (?:quiero|deseo|queremos)[^.\n]{{0,8}} recibir[^.\n]{{0,8}} {_MAILS}",
        r"dej(?:en|e|a|ad) de (?:escrib|envi|contact|mand)\w+",
        r"no (?:me|nos) interesa|no estoy interesad[oa]|no estamos interesad[oa]s",
    ),
    "it": (
        r"\bdisiscri\w+|\bcancell(?:ami|atemi|arci|armi|ateci)\b|(?:^|[.!?]\s*)no,? grazie",
        r"\bcancell\w+[^.\n]{0,20} (?:dalla|dal|i miei dati)|(?:annulla|cancella)\w* (?:l['’])?iscrizione",
        r"non (?:mi )?(?:scriv\w+|contatt\w+|invi\w+|mand\w+)(?:mi|ci)?(?: \S+)? (?:più|piu)\b",
        r"(?:rimuov|toglie)\w*(?:mi|emi|ermi|ci)\b",
        rf"non (?:voglio|vorrei|desidero)[^.\n]{{0,8}} ricevere[^.\n]{{0,8}} {_MAILS}",
        r"smett\w+ di (?:scriv|contatt|invi|mand)\w+",
        r"non (?:mi|ci) interessa|non (?:sono|siamo) interessat[oaie]",
    ),
    "pt": (
        r"cancelar (?:a )?(?:minha )?(?:subscri|inscri|assinatura)|(?:^|[.!?]\s*)n[ãa]o,? obrigad[oa]|\bdescadastr\w+",
        r"(?:remov|retir|tir|apag|exclu)\w*(?:-me|-nos)\b",
        r"(?:remov|retir|apag|exclu)\w* (?:o |os )?(?:me|meu|minha|meus|nosso)\b",
        r"n[ãa]o (?:me )?(?:escrev\w+|contat\w+|contact\w+|envi\w+|mand\w+)[^.\n]{0,15} mais",
        r"par\w+ de (?:me )?(?:envi|escrev|mand|cont)\w+",
        rf"n[ãa]o (?:quero|desejo|queremos)[^.\n]{{0,8}} receber[^.\n]{{0,8}} {_MAILS}",
        r"n[ãa]o (?:tenho|temos) interesse|n[ãa]o (?:estou|estamos) interessad[oa]s?",
    ),
    "nl": (
        r"^\W*(?:graag |gelieve )?(?:\b(?:uit|af)schrijven|afmelden|af te melden)\W*$",
        r"(?:mij|me|ons)[^.\n]{0,20} (?:afmelden|uitschrijven)",
        r"(?:schrijf|meld) (?:mij|me|ons) (?:a\.?u\.?b\.? )?(?:uit|af)\b|(?:^|[.!?]\s*)nee,? (?:bedankt|dank)",
        r"(?:verwijder|haal|schrap) (?:mij|me|ons|mijn|onze)\b",
        rf"geen (?:verdere )?{_MAILS} (?:meer|ontvangen|sturen)|geen verdere {_MAILS}",
        r"geen contact meer|niet meer (?:te )?(?:mailen|contacteren|schrijven|benaderen)|geen interesse|niet geïnteresseerd",
    ),
    "pl": (
        r"\bwypis(?:ać|z|uję|anie|cie)\b|nie,? dzi[ęe]kuj[ęe]|rezygnuj[ęe]|nie (?:jestem|jesteśmy) zainteresowan\w+",
        r"usu[nń]\w* (?:mnie|nas|mój|moje|moich|nasz|z (?:listy|bazy))\b|usunąć (?:mnie|nas|mój|moje|nasz)\b",
        r"usunięcie (?:mnie|mojego|moich|nas|z (?:listy|bazy))|nie życzę sobie|o nieprzesyłanie",
        r"przesta(?:ć|ńcie|ń) [^.\n]{0,12}pisać",
        rf"nie (?:pisa\w*|pisz\w*|kontakt\w+|wysył\w+)[^.\n]{{0,20}} więcej|nie chc\w+ [^.\n]{{0,15}}(?:więcej )?{_MAILS}",
    ),
}
_WISH = re.compile("|".join(f"(?:{pattern})" for patterns in _WISHES.values() for pattern in patterns), re.I | re.M)
_DENIED = re.compile(
    r"(?:how|where|link|footer|button)[^.\n?]{0,40}unsubscribe|unsubscribe (?:link|button|footer|rate)", re.I
)
# The closing line of our own mails, quoted in a way that nobody recognised.
_OURS = re.compile(
    r"if you['’]d rather not hear from me[^\n]*(?:\n[^\n]*)?https?://\S+|if you['’]d rather not hear from me[^\n]*", re.I
)
_LONGEST = 600  # who writes more than this tells something, and a person should read it


def wants_out(text: str) -> bool:
    """By clear words in a short text."""
    said = _OURS.sub("", text).strip()
    return 0 < len(said) <= _LONGEST and _WISH.search(said) is not None and not _DENIED.search(said)
