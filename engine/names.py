"""What a user's e-mail address and a name that people type must look like."""

import re

from email_validator import EmailNotValidError, validate_email

from engine.desk import Problem

_LONGEST_NAME = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def checked_email(text: str) -> str:
    """The address in lower case; Problem when it is none."""
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Problem(no_address(text.strip()[:80], error)) from error


def no_address(text: str, error: EmailNotValidError) -> str:
    """The library's reason within a sentence of ours, and in our spelling."""
    reason = str(error).replace("email", "e-mail").rstrip(".")
    return f"“{text}” is not an e-mail address: {reason[:1].lower()}{reason[1:]}."


def checked_name(text: str, what: str) -> str:
    """The name without marks that steer a line or a reading direction; Problem when nothing or too much is left."""
    name = " ".join(_CONTROL.sub(" ", text).split())
    if not name:
        raise Problem(f"Type {what}.")
    if len(name) > _LONGEST_NAME:
        raise Problem(f"{what.capitalize()} has {len(name)} characters; at most {_LONGEST_NAME} are kept.")
    return name
