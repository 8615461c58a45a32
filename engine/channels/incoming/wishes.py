"""Whether somebody asks not to be written to any more, in eight languages; read from what is new in a mail."""

import re

_WISH = re.compile(
    r"\bun-?subscribe\b|\bopt(?:ing)?[ -]?out\b|\bno,? thank(?:s| you)\b"
    r"|(?:remove|delete|take) (?:me|us|my (?:e-?mail|address|name|details))\b"
    r"|(?:remove|take)[^.\n]{0,30} (?:off|from)[^.\n]{0,20} (?:list|database|mailing)"
    r"|(?:stop|quit) (?:e-?mailing|writing|contacting|sending|mailing|spamming)"
    r"|(?:do not|don['’]?t|please don['’]t|never) (?:e-?mail|contact|write|send)[^.\n]{0,20}(?:again|any ?more|me)"
    r"|\bstop\b[.! ]*$|leave me alone"
    r"|\bab(?:melden|bestellen)\b|\baus(?:tragen)\b|nein,? danke"
    r"|(?<!lese )(?<!habe )(?<!bekomme )(?<!erhalte )(?<!empfange )keine? (?:weiteren )?(?:e-?mails?|nachrichten|werbung)\b"
    r"|(?:aus|von) (?:ihrem|der|dem) (?:verteiler|liste|newsletter)"
    r"|nicht (?:mehr|weiter) (?:kontaktieren|anschreiben|schreiben)|kein interesse"
    r"|d[ée]s(?:inscri|abonne)\w+|non,? merci|ne (?:plus|m['’][ée]crivez plus|me contactez plus)\b"
    r"|retire[zr]?[- ](?:moi|mon)"
    r"|(?:darme|dar(?:me)?|dame|d[eé]nme) de baja|no,? gracias"
    r"|no (?:me )?(?:escrib\w+|contact\w+|env[ií]\w+)[^.\n]{0,15} m[aá]s"
    r"|elim[ií]n\w+ de (?:su|la|tu) lista"
    r"|\bdisiscri\w+|no,? grazie|cancell\w+(?:mi)? (?:dalla|dal)|non (?:scriv\w+|contatt\w+)(?:mi)? (?:più|piu)"
    r"|cancelar (?:a )?(?:minha )?(?:subscri|inscri|assinatura)|n[ãa]o,? obrigad[oa]|remov\w+(?:-me| me| meu)"
    r"|n[ãa]o (?:me )?(?:escrev\w+|contat\w+|contact\w+|envi\w+) mais"
    r"|\b(?:uit|af)schrijven\b|\bafmelden\b|nee,? (?:bedankt|dank)|geen (?:verdere )?(?:e-?mails|interesse)"
    r"|niet meer (?:mailen|contacteren|schrijven)"
    r"|\bwypis(?:ać|z|uję|anie)\b|nie,? dzi[ęe]kuj[ęe]|(?:proszę )?(?:mnie )?usun[ąa][ćc]"
    r"|nie (?:pisz\w*|kontakt\w+)[^.\n]{0,20} więcej"
    r"|rezygnuj[ęe]",
    re.I | re.M,
)
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
