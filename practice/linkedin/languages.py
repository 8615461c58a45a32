"""The stand-in's pages in other languages than English: marked as such, with other words on what is pressed and read."""

_WORDS = {
    "de": {
        "Add a note to your invitation": "Fügen Sie Ihrer Einladung eine Nachricht hinzu",
        "Send without a note": "Ohne Nachricht senden",
        "Withdraw invitation sent to": "Zurückziehen der Einladung an",
        "Write a message": "Nachricht verfassen",
        "to connect": "als Kontakt hinzufügen",
        "connections": "Kontakte",
        "Connect": "Vernetzen",
        "People": "Personen",
        "Message": "Nachricht",
        "Pending": "Ausstehend",
        "Withdraw": "Zurückziehen",
        "Enter the code we've sent to phone number ending with": "Geben Sie den Code ein, gesendet an die Nummer",
        "Resend code": "Code erneut senden",
        "More": "Mehr",
        "1st": "1.",
        "2nd": "2.",
    },
    "fr": {
        "Add a note to your invitation": "Ajoutez une note à votre invitation",
        "Send without a note": "Envoyer sans note",
        "Withdraw invitation sent to": "Retirer l’invitation envoyée à",
        "Write a message": "Rédigez un message",
        "to connect": "à rejoindre votre réseau",
        "connections": "relations",
        "Connect": "Se connecter",
        "People": "Personnes",
        "Message": "Message",
        "Pending": "En attente",
        "Withdraw": "Retirer",
        "Enter the code we've sent to phone number ending with": "Saisissez le code envoyé au numéro se terminant par",
        "Resend code": "Renvoyer le code",
        "More": "Plus",
        "1st": "1er",
        "2nd": "2e",
    },
}


def in_language(page: str, language: str) -> str:
    """An English page of the stand-in as an account of this language sees it."""
    if language == "en":
        return page
    for english, other in _WORDS[language].items():
        page = page.replace(english, other)
    return page.replace('<html lang="en">', f'<html lang="{language}">')
