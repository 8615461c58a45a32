"""What the environment may say, and the sentence for what can't be meant."""

import os
import socket
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from engine import csv_reading
from engine.config import PROJECT, load, session_ends
from engine.desk import Problem


@pytest.mark.parametrize(
    ("environment", "idle", "absolute"),
    [
        ({}, timedelta(hours=8), timedelta(days=7)),
        ({"OUTPOST_SESSION_IDLE_MINUTES": " 5 ", "OUTPOST_SESSION_HOURS": "2160"}, timedelta(minutes=5), timedelta(days=90)),
        ({"OUTPOST_SESSION_HOURS": "1"}, timedelta(hours=1), timedelta(hours=1)),  # never idle longer than at all
        ({"OUTPOST_SESSION_HOURS": ""}, timedelta(hours=8), timedelta(days=7)),
    ],
)
def test_sessions_end_as_the_environment_says(environment: dict[str, str], idle: timedelta, absolute: timedelta) -> None:
    ends = session_ends(environment)
    assert (ends.idle, ends.absolute) == (idle, absolute)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("OUTPOST_SESSION_IDLE_MINUTES", "0", "a whole number from 5 to 10080, or leave it out for 480"),
        ("OUTPOST_SESSION_IDLE_MINUTES", "8h", "a whole number from 5"),
        ("OUTPOST_SESSION_HOURS", "2161", "a whole number from 1 to 2160"),
        ("OUTPOST_SESSION_HOURS", "-1", "a whole number from 1"),
        ("OUTPOST_SESSION_HOURS", "٣", "a whole number from 1"),
        ("OUTPOST_PORT", "http", "a whole number from 1 to 65535"),
        ("OUTPOST_PORT", "0", "a whole number from 1 to 65535"),
        ("OUTPOST_WORKER", "no", "say on or off"),
        ("OUTPOST_LOG_LEVEL", "loud", "say debug, info, warning or error"),
        ("OUTPOST_URL", "panel.example", "write it like https://panel.example"),
        ("OUTPOST_URL", "ftp://panel.example", "write it like https://panel.example"),
        ("OUTPOST_URL", "https://panel.example/outpost", "without a path"),
        ("OUTPOST_URL", "https://panel.example:port", "write it like https://panel.example"),
    ],
)
def test_a_value_that_can_t_be_meant_gets_a_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(Problem, match=name) as told:
        load({name: value})
    assert sentence in str(told.value)


def test_a_taken_port_is_a_sentence_and_not_a_traceback(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {**os.environ, "OUTPOST_PORT": str(port), "OUTPOST_DATA": str(tmp_path / "data")}
        ended = subprocess.run(
            [sys.executable, "app.py"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
    assert ended.returncode == 1
    assert f"can't listen on 127.0.0.1, port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_the_server_takes_a_csv_file_as_large_as_the_forms_say() -> None:
    look = tomllib.loads((PROJECT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert look["server"]["maxUploadSize"] * 1024 * 1024 == csv_reading.MOST_BYTES
