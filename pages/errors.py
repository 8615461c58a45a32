"""What a person sees when a page breaks: a sentence with a reference that finds the line in the log."""

import secrets

from engine import database_trouble, logs
from pages import notices

_log = logs.logger("panel")


def note(error: BaseException, page: str = "") -> str:
    """Log the error, scrubbed; answers its reference."""
    reference = secrets.token_hex(4)
    _log.error("page.broke", reference=reference, page=page, exc_info=error)
    return reference


def show(error: BaseException, page: str = "") -> None:
    notices.error(said(error, page))


def said(error: BaseException, page: str = "") -> str:
    """Log the error; answers what to tell the person: what is in the way where that is known, else where to find it."""
    reference = note(error, page)
    return database_trouble.sentence(error) or _sentence(reference)


def _sentence(reference: str) -> str:
    return (
        f"Something in Outpost broke while this page was made; nothing that was saved is lost. Try again; if it stays,"
        f" give the reference {reference} to the person who runs this installation: it finds the cause in the log."
    )


def on_script_error(error: Exception) -> bool:
    """For what breaks outside a page's own run, for example in a part that refreshes by itself.

    True keeps Streamlit from logging the error itself, unscrubbed, and from showing words of its own.
    """
    show(error)
    return True
