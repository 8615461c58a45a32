"""The practice folder: begun, gone on with, begun anew, and never mistaken for a real one."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import PROJECT
from engine.desk import Problem
from practice.opening import Wishes, environment

_HOLD = "from practice.opening import *; environment(Wishes()); print('held', flush=True); input()"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "practice"
    monkeypatch.setenv("OUTPOST_DATA", str(folder))
    return folder


def test_a_finished_workspace_is_gone_on_with(data: Path) -> None:
    _leave(data, "ready", "clock", "outpost.db")
    assert environment(Wishes())["OUTPOST_PRACTICE"] == "1"
    assert (data / "outpost.db").exists()


def test_a_half_made_workspace_is_begun_anew(data: Path) -> None:
    _leave(data, "clock", "outpost.db")
    environment(Wishes())
    assert not (data / "outpost.db").exists()
    assert (data / "clock").exists()


def test_fresh_begins_anew_with_another_key(data: Path) -> None:
    _leave(data, "ready", "clock", "outpost.db")
    key = data.with_name("practice.key")
    key.touch()
    environment(Wishes(fresh=True))
    assert not (data / "outpost.db").exists()
    assert not key.exists()


def test_a_folder_that_is_no_practice_folder_is_left_alone(data: Path) -> None:
    _leave(data, "outpost.db")
    with pytest.raises(Problem, match="left alone"):
        environment(Wishes(fresh=True))
    assert (data / "outpost.db").exists()


def test_a_second_practice_workspace_on_the_folder_says_that_one_is_running(data: Path) -> None:
    command = [sys.executable, "-c", _HOLD]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Problem, match="running already"):
            environment(Wishes())
        other.communicate(b"\n", timeout=10)
    environment(Wishes())


def _leave(data: Path, *names: str) -> None:
    data.mkdir()
    for name in names:
        (data / name).write_text("0")
