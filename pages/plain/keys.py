"""A row's key as it stands in a URL."""

_LONGEST = 17  # digits: beyond that no key exists, and the database could not even hold the number


def key(given: str) -> int | None:
    """None for what can't be a key."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= _LONGEST else None
