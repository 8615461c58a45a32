"""The panel and its worker as processes: they end together, whatever ends the panel, and a dead worker comes back."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.config import PROJECT
from tests.bed.bed import wait_until
from tests.live import LivePanel


def with_worker(live: LivePanel) -> psutil.Process:
    wait_until(lambda: live.worker() is not None, "the worker to start")
    worker = live.worker()
    assert worker is not None
    return worker


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_panel(panel_server: LivePanel, number: signal.Signals) -> None:
    wait_until(panel_server.is_well, "the worker to be well", 30)
    worker = with_worker(panel_server)
    panel_server.signal(number)
    wait_until(lambda: not worker.is_running(), "the worker to end", 20)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", panel_server.port)) != 0


def test_a_worker_that_is_killed_is_started_again_and_health_says_so(panel_server: LivePanel) -> None:
    owner = panel_server.owner()
    wait_until(panel_server.is_well, "the worker to be well", 30)
    first = with_worker(panel_server)
    first.kill()
    wait_until(lambda: (again := panel_server.worker()) is not None and again.pid != first.pid, "another worker", 20)
    wait_until(lambda: "restarted" in owner.get("/health").json()["sentences"]["worker"], "health to say it", 30)


def test_ctrl_c_while_it_still_starts_says_one_sentence(tmp_path: Path) -> None:
    live = LivePanel(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=PROJECT, env=live.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    in_memory = Path(f"/proc/{process.pid}/maps")
    wait_until(lambda: "site-packages" in in_memory.read_text(), "it to import the first of its packages", 20)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=20)
    assert told.decode() == "\n  Outpost has stopped.\n"
    assert process.returncode == 0


def test_streamlit_run_is_gated_too(tmp_path: Path) -> None:
    live = LivePanel(tmp_path, {"OUTPOST_WORKER": "off"})
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(live.port)]
    live.start(*command)
    try:
        assert live.client().get("/identities").status_code == 303
        assert live.client().get("/_stcore/host-config", headers={"Accept": "*/*"}).status_code == 401
    finally:
        live.stop()


def test_the_panel_answers_within_two_seconds_of_its_start(tmp_path: Path) -> None:
    live = LivePanel(tmp_path, {"OUTPOST_WORKER": "off"}).start()
    live.stop()
    began = time.monotonic()
    live.start()
    seconds = time.monotonic() - began
    live.stop()
    assert seconds < 2 * 3, f"{seconds:.1f} s"  # three times the promise: the tests share the machine's cores


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"OUTPOST_KEY": "nonsense"}, "OUTPOST_KEY"),
        ({"OUTPOST_DATA": "/proc/nowhere"}, "can't be used"),
    ],
)
def test_what_must_not_start_says_one_sentence(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    live = LivePanel(tmp_path, settings)
    with pytest.raises(AssertionError):
        live.start()
    assert live.process is not None
    assert live.process.wait(10) == 1
    told = live.log.read_text()
    assert "Outpost can't start" in told
    assert sentence in told
    assert "Traceback" not in told
