"""Passwords at a thousandth of their cost, for tests about something else; what they really cost is a test of its own."""

import pytest
from argon2 import PasswordHasher

from engine import passwords

REAL_HASHER, REAL_NOBODY = passwords._hasher, passwords._NOBODY
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_CHEAP_NOBODY = _CHEAP.hash("no password is this one")


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", _CHEAP)
    monkeypatch.setattr(passwords, "_NOBODY", _CHEAP_NOBODY)


def cheaply_hashed(password: str) -> str:
    """For what is hashed before any test begins."""
    return _CHEAP.hash(password)
