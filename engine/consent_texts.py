"""The message to a client's administrator who is to approve the app, in each language, and which one fits an identity."""

from dataclasses import dataclass

LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pt": "Português",
}


@dataclass(frozen=True, slots=True)
class _Text:
    """`message` takes identity, address, workspace, link, client_id, permissions; `graph` is of Microsoft Graph."""

    message: str
    permissions: tuple[str, str, str]
    graph: str


_NAMES = ("IMAP.AccessAsUser.All", "SMTP.Send", "offline_access")
_GRAPH = "Mail.Send, Mail.ReadWrite (Microsoft Graph)"
_TEXTS = {
    "en": _Text(
        """\
Hello,

{identity} would like to send and read e-mail of {address} with Outpost, which {workspace} uses. Microsoft asks an \
administrator to approve that first.

Please open this link as an administrator, look at what is asked, and accept or cancel:

{link}

App: {client_id}
What it asks for, on behalf of each person who signs in, and only for their own mailbox:
{permissions}

You can take it back at any time in the Entra admin center under Enterprise applications.
""",
        (
            "to read this mailbox, so that a reply or a bounce stops further mails",
            "to send this person's mails from this mailbox",
            "to do so without asking for the password each time",
        ),
        "to send, and to prove what was sent, where SMTP is switched off",
    ),
    "de": _Text(
        """\
Guten Tag,

{identity} möchte E-Mails von {address} mit Outpost senden und lesen; {workspace} arbeitet damit. Microsoft verlangt, dass \
eine Administratorin oder ein Administrator das vorher genehmigt.

Bitte öffnen Sie diesen Link mit einem Administratorkonto, sehen Sie sich an, was verlangt wird, und stimmen Sie zu oder \
brechen Sie ab:

{link}

App: {client_id}
Was sie verlangt, im Namen jeder Person, die sich anmeldet, und nur für deren eigenes Postfach:
{permissions}

Sie können die Genehmigung jederzeit zurücknehmen: Entra Admin Center, Unternehmensanwendungen.
""",
        (
            "um dieses Postfach zu lesen, damit nach einer Antwort oder einem Rückläufer keine weitere Mail folgt",
            "um die Mails dieser Person aus diesem Postfach zu senden",
            "damit nicht jedes Mal nach dem Passwort gefragt wird",
        ),
        "um zu senden und nachzuweisen, was gesendet wurde, wo SMTP abgeschaltet ist",
    ),
    "es": _Text(
        """\
Hola:

{identity} quiere enviar y leer el correo de {address} con Outpost, que {workspace} utiliza. Microsoft pide que un \
administrador lo apruebe antes.

Abra este enlace como administrador, revise lo que se solicita y acepte o cancele:

{link}

Aplicación: {client_id}
Lo que solicita, en nombre de cada persona que inicia sesión y solo para su propio buzón:
{permissions}

Puede retirar la aprobación en cualquier momento en el centro de administración de Entra, en Aplicaciones empresariales.
""",
        (
            "leer este buzón, para que una respuesta o una devolución detenga los correos siguientes",
            "enviar los correos de esta persona desde este buzón",
            "hacerlo sin pedir la contraseña cada vez",
        ),
        "enviar, y demostrar lo que se envió, donde SMTP está desactivado",
    ),
    "fr": _Text(
        """\
Bonjour,

{identity} souhaite envoyer et lire les e-mails de {address} avec Outpost, que {workspace} utilise. Microsoft demande qu’un \
administrateur l’approuve au préalable.

Merci d’ouvrir ce lien avec un compte administrateur, de regarder ce qui est demandé, puis d’accepter ou d’annuler :

{link}

Application : {client_id}
Ce qu’elle demande, au nom de chaque personne qui se connecte et uniquement pour sa propre boîte :
{permissions}

Vous pouvez retirer cette approbation à tout moment dans le centre d’administration Entra, sous Applications d’entreprise.
""",
        (
            "lire cette boîte, afin qu’une réponse ou un retour arrête les messages suivants",
            "envoyer les messages de cette personne depuis cette boîte",
            "le faire sans redemander le mot de passe à chaque fois",
        ),
        "envoyer, et prouver ce qui a été envoyé, là où SMTP est désactivé",
    ),
    "it": _Text(
        """\
Buongiorno,

{identity} vorrebbe inviare e leggere la posta di {address} con Outpost, che {workspace} utilizza. Microsoft chiede che un \
amministratore lo approvi prima.

Apra questo link come amministratore, guardi che cosa viene richiesto e accetti o annulli:

{link}

App: {client_id}
Che cosa richiede, per conto di ogni persona che accede e solo per la sua casella:
{permissions}

Può revocare l’approvazione in qualsiasi momento nell’interfaccia di amministrazione di Entra, in Applicazioni aziendali.
""",
        (
            "leggere questa casella, così che una risposta o un mancato recapito fermi le mail successive",
            "inviare le mail di questa persona da questa casella",
            "farlo senza chiedere ogni volta la password",
        ),
        "inviare, e dimostrare che cosa è stato inviato, dove SMTP è disattivato",
    ),
    "nl": _Text(
        """\
Goedendag,

{identity} wil e-mail van {address} versturen en lezen met Outpost, dat {workspace} gebruikt. Microsoft vraagt dat een \
beheerder dit eerst goedkeurt.

Open deze link als beheerder, bekijk wat er wordt gevraagd, en accepteer of annuleer:

{link}

App: {client_id}
Wat de app vraagt, namens iedereen die zich aanmeldt, en alleen voor het eigen postvak:
{permissions}

U kunt de goedkeuring altijd intrekken in het Entra-beheercentrum, onder Bedrijfstoepassingen.
""",
        (
            "dit postvak lezen, zodat er na een antwoord of een onbestelbaar bericht geen mail meer volgt",
            "de mails van deze persoon vanuit dit postvak versturen",
            "dat doen zonder telkens om het wachtwoord te vragen",
        ),
        "versturen, en kunnen bewijzen wat er verstuurd is, waar SMTP is uitgeschakeld",
    ),
    "pt": _Text(
        """\
Olá,

{identity} gostaria de enviar e ler o e-mail de {address} com o Outpost, que {workspace} utiliza. A Microsoft pede que um \
administrador o aprove primeiro.

Abra esta ligação como administrador, veja o que é pedido e aceite ou cancele:

{link}

Aplicação: {client_id}
O que pede, em nome de cada pessoa que inicia sessão e apenas para a sua própria caixa de correio:
{permissions}

Pode retirar a aprovação a qualquer momento no centro de administração do Entra, em Aplicações empresariais.
""",
        (
            "ler esta caixa de correio, para que uma resposta ou uma devolução pare os e-mails seguintes",
            "enviar os e-mails desta pessoa a partir desta caixa de correio",
            "fazê-lo sem pedir a palavra-passe de cada vez",
        ),
        "enviar, e provar o que foi enviado, onde o SMTP está desligado",
    ),
}
_OF_COUNTRY = {
    **dict.fromkeys(("DE", "AT", "LI", "CH"), "de"),
    **dict.fromkeys(("ES", "MX", "AR", "CO", "CL", "PE", "UY", "EC", "BO", "PY", "VE", "CR", "PA", "GT", "DO"), "es"),
    **dict.fromkeys(("FR", "BE", "LU", "MC", "SN", "CI"), "fr"),
    **dict.fromkeys(("IT", "SM", "VA"), "it"),
    **dict.fromkeys(("NL", "SR"), "nl"),
    **dict.fromkeys(("PT", "BR", "AO", "MZ"), "pt"),
}
# The larger part of a country that has several languages may speak another one than its subdivision.
_OF_PART = {"BE-VLG": "nl", "CH-GE": "fr", "CH-VD": "fr", "CH-NE": "fr", "CH-JU": "fr", "CH-TI": "it", "CA-QC": "fr"}
_OF_ZONE = {
    **dict.fromkeys(("Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/Vaduz"), "de"),
    **dict.fromkeys(("Europe/Madrid", "Atlantic/Canary", "America/Mexico_City", "America/Bogota", "America/Lima"), "es"),
    **dict.fromkeys(("America/Santiago", "America/Argentina/Buenos_Aires", "America/Montevideo"), "es"),
    **dict.fromkeys(("Europe/Paris", "Europe/Brussels", "Europe/Luxembourg", "Europe/Monaco"), "fr"),
    **dict.fromkeys(("Europe/Rome", "Europe/San_Marino", "Europe/Vatican"), "it"),
    "Europe/Amsterdam": "nl",
    **dict.fromkeys(("Europe/Lisbon", "Atlantic/Azores", "Atlantic/Madeira", "America/Sao_Paulo"), "pt"),
}


def language_for(spoken: str, country: str, zone: str) -> str:
    """By the language chosen for the address's own mails, else the country whose holidays are kept, else the time zone.

    `spoken` is "en" also where nobody chose, so only another one says something; `country` is like "CH" or "CH-GE".
    """
    if spoken in LANGUAGES and spoken != "en":
        return spoken
    if country:
        return _OF_PART.get(country) or _OF_COUNTRY.get(country.partition("-")[0], "en")
    return _OF_ZONE.get(zone, "en")


def message(language: str, *, by_graph: bool, **values: str) -> str:
    """The whole message; an unknown language is English."""
    text = _TEXTS.get(language, _TEXTS["en"])
    lines = [f"- {name}: {why}" for name, why in zip(_NAMES, text.permissions, strict=True)]
    if by_graph:
        lines.append(f"- {_GRAPH}: {text.graph}")
    return text.message.format(**values, permissions="\n".join(lines))
