"""Opening an installation: a key and a database together, or one clear sentence."""

import base64
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import PROJECT, Config, load
from engine.desk import Problem
from engine.installation import at_rest, open_outpost
from storage.vault import Place, new_key

PLACE = Place(1, "mailbox", 1, "password")


def opened_and_closed(config: Config, environment: dict[str, str] | None = None) -> bytes:
    outpost = open_outpost(config, environment or {})
    outpost.database.close()
    return outpost.vault.seal("secret", PLACE)


def test_the_first_start_makes_database_and_key_and_the_second_uses_them(config: Config) -> None:
    sealed = opened_and_closed(config)
    again = open_outpost(config, {})
    assert again.vault.open(sealed, PLACE) == "secret"
    again.database.close()
    assert config.key_file.stat().st_mode & 0o777 == 0o600
    assert config.data.stat().st_mode & 0o777 == 0o700


def test_a_missing_key_file_beside_a_database_is_said_and_no_new_key_is_made(config: Config) -> None:
    opened_and_closed(config)
    config.key_file.unlink()
    with pytest.raises(Problem, match="is missing and the database needs it"):
        open_outpost(config, {})
    assert not config.key_file.exists()


def test_a_key_that_was_left_by_an_unfinished_first_start_is_used(config: Config) -> None:
    opened_and_closed(config)
    left = config.key_file.read_text()
    for path in config.data.iterdir():
        path.unlink()
    opened_and_closed(config)
    assert config.key_file.read_text() == left


def test_a_key_of_another_installation_does_not_fit(config: Config, tmp_path: Path) -> None:
    opened_and_closed(config)
    other = load({"OUTPOST_DATA": str(tmp_path / "other")})
    opened_and_closed(other)
    with pytest.raises(Problem, match="key does not fit this database"):
        open_outpost(replace(config, key_file=other.key_file), {})


def test_the_key_may_come_from_the_environment(config: Config) -> None:
    key = base64.b64encode(new_key()).decode()
    opened_and_closed(config, {"OUTPOST_KEY": key})
    assert not config.key_file.exists()
    opened_and_closed(config, {"OUTPOST_KEY": key})
    with pytest.raises(Problem, match="key does not fit"):
        open_outpost(config, {"OUTPOST_KEY": base64.b64encode(new_key()).decode()})
    with pytest.raises(Problem, match="OUTPOST_KEY is damaged"):
        open_outpost(config, {"OUTPOST_KEY": "short"})


def test_a_readable_key_file_is_refused_with_the_command_to_run(config: Config) -> None:
    opened_and_closed(config)
    config.key_file.chmod(0o644)
    with pytest.raises(Problem, match="run: chmod 600"):
        open_outpost(config, {})


def test_practice_and_real_data_do_not_mix(config: Config) -> None:
    opened_and_closed(config)
    with pytest.raises(Problem, match="holds real data"):
        open_outpost(replace(config, practice=True), {})


def test_a_data_folder_that_can_not_be_made_is_one_sentence(config: Config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match="can't be used"):
        open_outpost(replace(config, data=tmp_path / "file" / "data"), {})


def test_nothing_of_the_key_shows(config: Config) -> None:
    outpost = open_outpost(config, {})
    assert config.key_file.read_text().split()[1][:10] not in repr(outpost)
    outpost.database.close()


_START = """
import sys
from engine.config import load
from engine.installation import open_outpost
sys.stdin.readline()
open_outpost(load(), {}).database.close()
"""


def test_panel_and_worker_that_start_at_once_make_one_key_and_one_database(config: Config) -> None:
    place = {"OUTPOST_DATA": str(config.data), "OUTPOST_KEY_FILE": str(config.key_file)}
    both = [
        subprocess.Popen([sys.executable, "-c", _START], cwd=PROJECT, env=os.environ | place, stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert [process.wait(60) for process in both] == [0, 0]
    opened_and_closed(config)


def test_work_that_needs_rest_waits_for_nobody_and_says_who_runs(config: Config) -> None:
    with at_rest(config.data), pytest.raises(Problem, match="is running"), at_rest(config.data):
        pass
