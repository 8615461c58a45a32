"""Rotating the key: every secret, found by reflection, through an end at any moment, and the old key gone at last."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from engine.config import Config
from engine.desk import Problem
from engine.installation import KEY_PLACE, Outpost, at_rest, open_outpost
from engine.rotate_key import rotate
from storage import key_file, rotation
from storage.rotation import reseal, sealed_columns
from storage.tables import Mailbox, User
from storage.vault import Place, Vault, VaultError, version_of
from tests import makers

MAILBOXES = 250  # more than two transactions' worth


@pytest.fixture
def outpost(config: Config) -> Iterator[Outpost]:
    """An installation with sealed passwords and one sealed authenticator secret."""
    opened = open_outpost(config, {})
    with opened.database.write() as session:
        workspace = makers.workspace(session)
        identity = makers.identity(session, workspace.id)
        for _ in range(MAILBOXES):
            mailbox = makers.mailbox(session, identity)
            mailbox.password = opened.vault.seal(f"password of {mailbox.id}", _place(mailbox))
        makers.mailbox(session, identity)  # disconnected: no password
        user = makers.user(session)
        user.totp_secret = opened.vault.seal("authenticator", Place(0, "user", user.id, "totp_secret"))
    yield opened
    opened.database.close()


def _place(mailbox: Mailbox) -> Place:
    return Place(mailbox.workspace_id, "mailbox", mailbox.id, "password")


def everything_opens(outpost: Outpost, vault: Vault) -> set[int]:
    """Open every secret; the versions of the keys that they are sealed with."""
    versions = set()
    with outpost.database.read() as session:
        for mailbox in session.scalars(select(Mailbox).where(Mailbox.password.is_not(None))):
            assert mailbox.password is not None
            assert vault.open(mailbox.password, _place(mailbox)) == f"password of {mailbox.id}"
            versions.add(version_of(mailbox.password))
        user = session.scalars(select(User)).one()
        assert user.totp_secret is not None
        assert vault.open(user.totp_secret, Place(0, "user", user.id, "totp_secret")) == "authenticator"
    return versions | {version_of(user.totp_secret)}


def test_the_columns_that_hold_secrets_are_found() -> None:
    found = {f"{sealed.table.name}.{sealed.column.name}" for sealed in sealed_columns()}
    assert found >= {"mailbox.password", "user.totp_secret", "installation.key_check"}


def test_every_binary_column_is_a_file_or_marked_as_sealed() -> None:
    """A secret column that nobody marked would be lost at the next rotation."""
    from_mark = {sealed.column for sealed in sealed_columns()}
    for table in {sealed.table.metadata for sealed in sealed_columns()}.pop().sorted_tables:
        for column in table.columns:
            if column.type.python_type is bytes:
                assert column in from_mark or column.name in ("content", "picture", "photo"), column


def test_a_rotation_seals_everything_again_and_retires_the_old_key(outpost: Outpost, config: Config) -> None:
    old = outpost.vault
    assert rotate(config, {}) == MAILBOXES + 3
    new = key_file.read(config.key_file)
    assert set(new.keys) == {2}
    assert everything_opens(outpost, new) == {2}
    assert new.keys[2] != old.keys[1]
    assert open_outpost(config, {}).vault.version == 2


def test_a_rotation_can_be_repeated(outpost: Outpost, config: Config) -> None:
    for version in (2, 3):
        rotate(config, {})
        assert everything_opens(outpost, key_file.read(config.key_file)) == {version}


class PulledPlugError(Exception):
    """The process ended here."""


@pytest.mark.parametrize("after", [0, 1, 99, 100, 101, MAILBOXES + 1])
def test_an_end_in_the_middle_loses_nothing_and_the_next_run_finishes(
    outpost: Outpost, config: Config, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    real, calls = rotation._reseal, iter(range(10_000))

    def ends(*args: object) -> int:
        if next(calls) == after:
            raise PulledPlugError
        return real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "_reseal", ends)
        with pytest.raises(PulledPlugError):
            rotate(config, {})
    both = key_file.read(config.key_file)
    assert set(both.keys) == {1, 2}
    everything_opens(outpost, both)
    rotate(config, {})
    assert everything_opens(outpost, key_file.read(config.key_file)) == {2}


def test_an_end_before_the_old_key_is_retired_is_finished_by_the_next_run(outpost: Outpost, config: Config) -> None:
    both = key_file.write(config.key_file, {**outpost.vault.keys, 2: outpost.vault.keys[1][::-1]})
    reseal(outpost.database, both)
    assert rotate(config, {}) == 0
    assert set(key_file.read(config.key_file).keys) == {2}


def test_a_secret_that_does_not_open_keeps_the_old_key(outpost: Outpost, config: Config) -> None:
    with outpost.database.write() as session:
        mailbox = session.scalars(select(Mailbox).limit(1)).one()
        mailbox.password = outpost.vault.seal("x", KEY_PLACE)
    with pytest.raises(Problem, match="The old key was kept"):
        rotate(config, {})
    assert set(key_file.read(config.key_file).keys) == {1, 2}


def test_a_running_panel_is_in_the_way(outpost: Outpost, config: Config) -> None:
    with at_rest(config.data), pytest.raises(Problem, match="is running"):
        rotate(config, {})


def test_a_key_in_the_environment_is_not_ours_to_rotate(config: Config) -> None:
    with pytest.raises(Problem, match="OUTPOST_KEY"):
        rotate(config, {"OUTPOST_KEY": "anything"})


def test_the_vault_alone_refuses_what_rotation_left_behind(outpost: Outpost, config: Config) -> None:
    sealed = outpost.vault.seal("secret", KEY_PLACE)
    rotate(config, {})
    with pytest.raises(VaultError, match="key version 1"):
        key_file.read(config.key_file).open(sealed, KEY_PLACE)
