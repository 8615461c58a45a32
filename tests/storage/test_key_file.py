"""The key file: readable by its owner alone, never replaced by a new key behind anybody's back."""

import base64
from pathlib import Path

import pytest

from storage import key_file
from storage.vault import Place, VaultError

PLACE = Place(0, "user", 1, "totp_secret")
KEY = base64.b64encode(bytes(range(32))).decode()  # the same in every process, as the tests' names need


def test_a_made_key_file_is_the_owners_alone_and_reads_back(tmp_path: Path) -> None:
    made = key_file.create(tmp_path / "deep" / "outpost.key")
    assert (tmp_path / "deep" / "outpost.key").stat().st_mode & 0o777 == 0o600
    assert key_file.read(tmp_path / "deep" / "outpost.key").open(made.seal("secret", PLACE), PLACE) == "secret"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_a_key_file_that_others_can_use_is_refused_with_the_command_to_run(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "outpost.key"
    key_file.create(path)
    path.chmod(mode)
    with pytest.raises(VaultError, match=f"run: chmod 600 {path}"):
        key_file.read(path)


def test_a_missing_key_file_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="is missing and the database needs it"):
        key_file.read(tmp_path / "outpost.key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no key"),
        ("\n \n", "holds no key"),
        ("1 not-base64!", "is damaged"),
        ("1 c2hvcnQ=", "is damaged"),
        (f"0 {KEY}", "is damaged"),
        (f"-1 {KEY}", "is damaged"),
        (f"one {KEY}", "is damaged"),
        ("é", "is damaged"),
    ],
)
def test_a_damaged_key_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "outpost.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(VaultError, match=said) as refused:
        key_file.read(path)
    assert str(refused.value).endswith(".")


def test_a_bare_key_is_version_one_and_several_can_stand_in_one_line() -> None:
    assert key_file.parse(KEY, "OUTPOST_KEY").version == 1
    assert key_file.parse(f"1 {KEY},2 {KEY}", "OUTPOST_KEY").version == 2


def test_a_damaged_key_is_never_shown() -> None:
    with pytest.raises(VaultError) as refused:
        key_file.parse(f"1 {KEY[:-4]}", "OUTPOST_KEY")
    assert KEY[:8] not in str(refused.value)
