"""A secret opens where it belongs, with its key, and nowhere else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.vault import Place, Vault, VaultError, new_key, version_of

PLACE = Place(7, "mailbox", 12, "password")
VAULT = Vault({1: new_key()})


@given(st.text())
def test_what_was_sealed_opens_at_its_place(plain: str) -> None:
    assert VAULT.open(VAULT.seal(plain, PLACE), PLACE) == plain


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, workspace_id=8),
        replace(PLACE, table="user"),
        replace(PLACE, row_id=13),
        replace(PLACE, column="totp_secret"),
        # what a separator could be made to hide
        Place(7, "mailbox|12", 12, "password"),
    ],
)
def test_it_does_not_open_at_another_place(elsewhere: Place) -> None:
    with pytest.raises(VaultError, match="can't be opened"):
        VAULT.open(VAULT.seal("secret", PLACE), elsewhere)


@given(st.data())
def test_a_changed_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal("correct horse", PLACE))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(VaultError):
        VAULT.open(bytes(sealed), PLACE)


@given(st.binary(max_size=60))
def test_what_was_never_sealed_is_refused_with_a_sentence(rubbish: bytes) -> None:
    with pytest.raises(VaultError, match="put back the key file"):
        VAULT.open(rubbish, PLACE)


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    assert VAULT.seal("secret", PLACE) != VAULT.seal("secret", PLACE)


def test_another_key_of_the_same_version_does_not_open() -> None:
    with pytest.raises(VaultError, match="key does not fit"):
        Vault({1: new_key()}).open(VAULT.seal("secret", PLACE), PLACE)


def test_a_version_that_is_gone_is_named() -> None:
    newer = Vault({2: new_key()})
    with pytest.raises(VaultError, match="key version 1"):
        newer.open(VAULT.seal("secret", PLACE), PLACE)


def test_the_newest_key_seals_and_the_older_one_still_opens() -> None:
    both = Vault({**VAULT.keys, 2: new_key()})
    old = VAULT.seal("secret", PLACE)
    assert (version_of(old), version_of(both.seal("secret", PLACE))) == (1, 2)
    assert both.open(old, PLACE) == "secret"


def test_a_version_written_over_another_is_noticed() -> None:
    """The version is authenticated: a value can't be passed off as sealed under another key, even the same one."""
    same = Vault({1: VAULT.keys[1], 2: VAULT.keys[1]})
    sealed = VAULT.seal("secret", PLACE)
    with pytest.raises(VaultError):
        same.open(b"\x00\x00\x00\x02" + sealed[4:], PLACE)


def test_neither_repr_nor_error_shows_a_secret() -> None:
    sealed = VAULT.seal("hunter2-secret", PLACE)
    with pytest.raises(VaultError) as refused:
        VAULT.open(sealed, replace(PLACE, row_id=1))
    shown = f"{VAULT!r} {VAULT} {refused.value} {refused.value!r}"
    assert "hunter2" not in shown
    assert repr(VAULT.keys[1])[2:12] not in shown
