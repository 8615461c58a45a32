"""What warm-up mails say: short, plain, in the language of the identity, put together from parts so that few are alike.

A subject names a made-up project of two words, which no other mail between the same two addresses has: it is how a mail
is recognised where a provider rewrites everything else.
"""

from dataclasses import dataclass

_ADJECTIVES = (
    "Amber Autumn Blue Bright Calm Cedar Clear Copper Coral Crystal Dawn Early Evening Gentle Golden Granite"
    " Green Harbour Indigo Ivory Lemon Linen Maple Marble Misty Morning Northern Olive Orchard Pearl Quiet Red"
    " River Saffron Silver Southern Spring Summer Velvet Winter"
)
ADJECTIVES = tuple(_ADJECTIVES.split())
_NOUNS = (
    "Anchor Arrow Badger Beacon Bridge Brook Canyon Castle Compass Crane Delta Falcon Fern Field Forest"
    " Fountain Garden Gate Glacier Grove Heron Hill Island Kite Lake Lantern Meadow Mill Otter Path Pine Robin"
    " Sail Sparrow Station Stone Terrace Tower Valley Wharf"
)
NOUNS = tuple(_NOUNS.split())
TOKENS = len(ADJECTIVES) * len(NOUNS)


@dataclass(frozen=True, slots=True)
class Texts:
    """The parts in one language; `{project}` stands for the two words of the subject, `{name}` for the reader's name."""

    subjects: tuple[str, ...]
    greeting: str
    openings: tuple[str, ...]
    middles: tuple[str, ...]
    closings: tuple[str, ...]
    replies: tuple[str, ...]


BY_LANGUAGE = {
    "en": Texts(
        ("Notes on {project}", "{project}: where we are", "A thought about {project}", "Next steps, {project}"),
        "Hi {name},",
        (
            "I read through the notes on {project} again this morning.",
            "Thanks for the talk about {project} the other day.",
            "A short word on {project} before the week gets busy.",
            "I have been thinking about what we said on {project}.",
        ),
        (
            "The plan looks good to me, only the order of the last two points could be changed.",
            "I would leave the dates as they are and look at the list once more next week.",
            "Most of it is clear by now; what is open fits on half a page.",
            "If we keep it simple, a few days should be enough.",
        ),
        ("Tell me what you think when you have a minute.", "No hurry with this.", "Have a good day."),
        (
            "Thanks, that helps. I agree and will write again when I have gone through it.",
            "Good point. Let's do it that way.",
            "Thank you. I had it on my list too and will get to it this week.",
            "Makes sense to me, thanks for writing it down.",
        ),
    ),
    "de": Texts(
        ("Notizen zu {project}", "{project}: Stand der Dinge", "Ein Gedanke zu {project}", "Nächste Schritte, {project}"),
        "Hallo {name},",
        (
            "ich habe die Notizen zu {project} heute noch einmal gelesen.",
            "danke für das Gespräch über {project} neulich.",
            "kurz etwas zu {project}, bevor die Woche voll wird.",
            "ich habe über das nachgedacht, was wir zu {project} besprochen haben.",
        ),
        (
            "Der Plan gefällt mir, nur die letzten beiden Punkte würde ich tauschen.",
            "Die Termine würde ich so lassen und die Liste nächste Woche noch einmal ansehen.",
            "Das meiste ist inzwischen klar; was offen ist, passt auf eine halbe Seite.",
            "Wenn wir es einfach halten, reichen ein paar Tage.",
        ),
        ("Sag mir gern, was du meinst.", "Das eilt nicht.", "Einen schönen Tag noch."),
        (
            "Danke, das hilft mir. Ich sehe es genauso und melde mich, wenn ich es durchgegangen bin.",
            "Guter Punkt. So machen wir es.",
            "Danke dir. Das stand auch auf meiner Liste, ich komme diese Woche dazu.",
            "Klingt vernünftig, danke fürs Aufschreiben.",
        ),
    ),
    "es": Texts(
        ("Notas sobre {project}", "{project}: cómo vamos", "Una idea sobre {project}", "Próximos pasos, {project}"),
        "Hola {name}:",
        (
            "Esta mañana he vuelto a leer las notas sobre {project}.",
            "Gracias por la charla sobre {project} del otro día.",
            "Unas líneas sobre {project} antes de que se llene la semana.",
            "He estado pensando en lo que dijimos de {project}.",
        ),
        (
            "El plan me parece bien, solo cambiaría el orden de los dos últimos puntos.",
            "Dejaría las fechas como están y miraría la lista otra vez la semana que viene.",
            "Casi todo está claro; lo que falta cabe en media página.",
            "Si lo hacemos sencillo, bastarán unos días.",
        ),
        ("Dime qué te parece cuando puedas.", "No corre prisa.", "Que tengas un buen día."),
        (
            "Gracias, me ayuda mucho. Estoy de acuerdo y te escribo cuando lo haya revisado.",
            "Buena idea. Lo hacemos así.",
            "Gracias. También lo tenía en mi lista y lo veré esta semana.",
            "Me parece razonable, gracias por apuntarlo.",
        ),
    ),
    "fr": Texts(
        ("Notes sur {project}", "{project} : où nous en sommes", "Une idée pour {project}", "La suite, {project}"),
        "Bonjour {name},",
        (
            "J'ai relu ce matin les notes sur {project}.",
            "Merci pour la discussion sur {project} l'autre jour.",
            "Un petit mot sur {project} avant que la semaine ne se remplisse.",
            "J'ai repensé à ce que nous avons dit de {project}.",
        ),
        (
            "Le plan me convient, je changerais seulement l'ordre des deux derniers points.",
            "Je garderais les dates et je reverrais la liste la semaine prochaine.",
            "Presque tout est clair ; ce qui reste tient sur une demi-page.",
            "Si nous restons simples, quelques jours suffiront.",
        ),
        ("Dis-moi ce que tu en penses quand tu as un moment.", "Rien ne presse.", "Bonne journée."),
        (
            "Merci, cela m'aide. Je suis d'accord et je t'écris quand j'ai tout relu.",
            "Bonne remarque. Faisons ainsi.",
            "Merci. C'était aussi sur ma liste, je m'en occupe cette semaine.",
            "Cela me paraît juste, merci de l'avoir noté.",
        ),
    ),
    "it": Texts(
        ("Appunti su {project}", "{project}: a che punto siamo", "Un'idea per {project}", "Prossimi passi, {project}"),
        "Ciao {name},",
        (
            "stamattina ho riletto gli appunti su {project}.",
            "grazie per la chiacchierata su {project} dell'altro giorno.",
            "due righe su {project} prima che la settimana si riempia.",
            "ho ripensato a quello che abbiamo detto di {project}.",
        ),
        (
            "Il piano mi piace, cambierei solo l'ordine degli ultimi due punti.",
            "Lascerei le date così e riguarderei la lista la prossima settimana.",
            "Quasi tutto è chiaro; quello che manca sta in mezza pagina.",
            "Se restiamo semplici, bastano pochi giorni.",
        ),
        ("Dimmi che cosa ne pensi quando hai un minuto.", "Non c'è fretta.", "Buona giornata."),
        (
            "Grazie, mi aiuta. Sono d'accordo e ti scrivo quando l'ho riletto.",
            "Giusto. Facciamo così.",
            "Grazie. Era anche nella mia lista, ci arrivo questa settimana.",
            "Mi sembra sensato, grazie per averlo scritto.",
        ),
    ),
    "nl": Texts(
        ("Notities over {project}", "{project}: de stand", "Een idee voor {project}", "Volgende stappen, {project}"),
        "Hoi {name},",
        (
            "Ik heb de notities over {project} vanochtend nog eens gelezen.",
            "Bedankt voor het gesprek over {project} van laatst.",
            "Even kort over {project} voordat de week vol raakt.",
            "Ik heb nagedacht over wat we over {project} zeiden.",
        ),
        (
            "Het plan lijkt me goed, alleen de laatste twee punten zou ik omdraaien.",
            "Ik zou de data zo laten en volgende week nog eens naar de lijst kijken.",
            "Het meeste is nu duidelijk; wat open is past op een halve pagina.",
            "Als we het eenvoudig houden, zijn een paar dagen genoeg.",
        ),
        ("Laat maar weten wat je ervan vindt.", "Er is geen haast bij.", "Fijne dag nog."),
        (
            "Dank je, daar heb ik wat aan. Ik ben het ermee eens en schrijf als ik het heb doorgenomen.",
            "Goed punt. Zo doen we het.",
            "Dank je. Het stond ook op mijn lijst, ik kom er deze week aan toe.",
            "Lijkt me verstandig, bedankt voor het opschrijven.",
        ),
    ),
}


def token(number: int) -> str:
    """The two words of a made-up project."""
    number %= TOKENS
    return f"{ADJECTIVES[number // len(NOUNS)]} {NOUNS[number % len(NOUNS)]}"


def subject(language: str, number: int, project: str) -> str:
    return _part(BY_LANGUAGE[language].subjects, number).format(project=project)


def body(language: str, number: int, project: str, reader: str, writer: str, reply: bool) -> str:
    texts = BY_LANGUAGE[language]
    if reply:
        lines = [_part(texts.replies, number)]
    else:
        chosen = (texts.openings, number), (texts.middles, number // 4), (texts.closings, number // 16)
        lines = [_part(part, turn).format(project=project) for part, turn in chosen]
    greeting = texts.greeting.format(name=reader).replace(" ,", ",").replace(" :", ":")
    return "\n\n".join([greeting, " ".join(lines), writer]).strip() + "\n"


def _part(parts: tuple[str, ...], number: int) -> str:
    return parts[number % len(parts)]
