"""Which passwords are good enough, and how they are kept: argon2id, at most two computed at once."""

import re
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine import password_guessing

SHORTEST = 12
LONGEST = 200  # argon2 would take more; zxcvbn's time grows with the square of the length
_JUDGED = 64
_WEAKEST_SCORE = 3  # of 0 to 4: safe from an offline attack on a slow hash

_hasher = PasswordHasher()
# Each computation takes 64 MiB: a flood of sign-ins must queue here, not fill the memory.
_places = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    with _places:
        return _hasher.hash(password)


# Verified for an address that no user has, so that its answer takes as long as any other: of a random word that nobody has.
# Hashing one at each start would cost every process as much as a sign-in does.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$a3YN22Vn5ISTaFm/DhNa4w$ZJP8zJufxGAME2xyOIVStXGI8zvqxLvgsP7bByGD+yM"


def matches(password: str, kept: str | None) -> bool:
    """Whether it is the password that was kept; with nothing kept it is still computed, and never right."""
    with _places:
        try:
            return _hasher.verify(kept or _NOBODY, password[:LONGEST]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(kept: str) -> bool:
    """The cost was raised since this hash was made."""
    return _hasher.check_needs_rehash(kept)


def problem(password: str, email: str, name: str) -> str | None:
    """Why a password is refused, as a sentence; None when it is good."""
    if len(password) < SHORTEST:
        return f"The password has {len(password)} characters; use at least {SHORTEST}, for example four random words."
    if len(password) > LONGEST:
        return f"The password is longer than {LONGEST} characters; use a shorter one."
    own = _own_words(email, name)
    if any(word in password.casefold() for word in own):
        return "The password contains your name, your e-mail address or the product's name; leave them out."
    score = password_guessing.score(password[:_JUDGED], own)
    if score is None:
        return "The password could not be judged, so it is not taken; try again in a minute."
    if score < _WEAKEST_SCORE:
        return "This password is common or easy to guess, as the lists of leaked passwords show; use four random words."
    return None


def _own_words(email: str, name: str) -> list[str]:
    words = re.split(r"[^\w]+", f"{email} {name}".casefold())
    return [*{word for word in words if len(word) >= 4}, "outpost"]
