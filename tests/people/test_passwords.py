"""Which passwords are refused, and that an unknown user costs what a known one does."""

import sys
from pathlib import Path

import pytest
from argon2 import Type
from argon2.exceptions import VerifyMismatchError

from engine import passwords
from tests.cheap_passwords import REAL_HASHER, REAL_NOBODY

EMAIL, NAME = "grace.hopper@agency.test", "Grace Hopper"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "has 5 characters"),
        ("elevenchars", "has 11 characters"),
        ("x" * 201, "longer than 200"),
        ("password1234", "common or easy to guess"),
        ("qwertyuiop12", "common or easy to guess"),
        ("123456789012", "common or easy to guess"),
        ("iloveyou1234", "common or easy to guess"),
        ("aaaaaaaaaaaaaaaa", "common or easy to guess"),
        ("Hopper-lives-here-9", "contains your name"),
        ("welcome to OUTPOST panel", "the product's name"),
        ("my agency is the best 77", "your e-mail address"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, why: str) -> None:
    refused = passwords.problem(password, EMAIL, NAME)
    assert refused is not None
    assert why in refused


@pytest.mark.parametrize(
    "password", ["nineteen violet otters hum", "Ünter-wegs mit 7 Igeln", "🦊🦊 rides a tandem bike", "kT9#vQ2!mZ7x"]
)
def test_a_good_password_is_taken(password: str) -> None:
    assert passwords.problem(password, EMAIL, NAME) is None


def test_a_password_that_nobody_can_judge_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert "could not be judged" in str(passwords.problem("nineteen violet otters hum", EMAIL, NAME))


def test_what_is_kept_is_argon2id_and_differs_each_time() -> None:
    kept = passwords.hashed("nineteen violet otters hum")
    assert kept.startswith("$argon2id$")
    assert kept != passwords.hashed("nineteen violet otters hum")
    assert passwords.matches("nineteen violet otters hum", kept)
    assert not passwords.matches("nineteen violet otters hub", kept)


def test_no_password_matches_nobody() -> None:
    assert not passwords.matches("no password is this one", None)
    assert not passwords.matches("", None)


def test_a_password_of_a_megabyte_is_not_computed() -> None:
    assert not passwords.matches("x" * 1_000_000, passwords.hashed("nineteen violet otters hum"))


def test_a_password_really_costs_what_argon2_advises_and_nobody_s_costs_the_same() -> None:
    """RFC 9106, for where memory is scarce: 64 MiB, three passes, four lanes. Other tests hash at a thousandth of it."""
    assert (REAL_HASHER.memory_cost, REAL_HASHER.time_cost, REAL_HASHER.parallelism) == (65_536, 3, 4)
    assert REAL_HASHER.type is Type.ID
    assert not REAL_HASHER.check_needs_rehash(REAL_NOBODY)
    with pytest.raises(VerifyMismatchError):
        REAL_HASHER.verify(REAL_NOBODY, "no password is this one")
