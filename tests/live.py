"""The panel as a real process on a free port: what HTTP, websockets and browsers see."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from engine.config import PROJECT
from storage.database import Database, open_database
from tests.bed.bed import free_ports, wait_until
from tests.fresh import make_place, place_of

PASSWORD = "nineteen violet otters hum"
OWNER_EMAIL = "olga@agency.test"


@dataclass
class LivePanel:
    """`start` returns when the panel answers; `well` waits for the worker too."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def _place(self) -> Path:
        return self.folder / "data/outpost.db"

    @property
    def log(self) -> Path:
        return self.folder / "panel.log"

    def start(self, *command: str) -> "LivePanel":
        if not self._place.parent.exists():
            make_place(self._place)
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                list(command) or [sys.executable, "app.py"],
                cwd=PROJECT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self.answers, f"the panel to answer; its log: {self.log}", 30)
        return self

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(f"{self.address}/health", timeout=2).json()["panel"] == "ok"
        except httpx.HTTPError:
            return False

    def is_well(self) -> bool:
        try:
            return self.answers() and httpx.get(f"{self.address}/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def worker(self) -> psutil.Process | None:
        """The worker's process, found among the panel's children."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next((child for child in children if "engine.worker" in command_of(child)), None)

    def signal(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            try:
                self.signal(signal.SIGTERM)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)

    def database(self) -> Database:
        return open_database(place_of(self._place))

    def client(self) -> httpx.Client:
        """A browser's headers, no cookie yet, redirects not followed."""
        return httpx.Client(base_url=self.address, headers={"Accept": "text/html", "Origin": self.address}, timeout=20)

    def owner(self) -> httpx.Client:
        """The client of the owner, made by the first start's form."""
        client = self.client()
        fields = {"name": "Olga Owner", "email": OWNER_EMAIL, "password": PASSWORD, "workspace": "Acme"}
        answer = client.post("/welcome", data={**fields, "form_token": form_token(client, "/welcome")})
        assert answer.status_code == 303, answer.text
        return client

    def environment(self) -> dict[str, str]:
        place = place_of(self._place)
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("OUTPOST_")},
            "OUTPOST_DATA": str(self.folder / "data"),
            **({"OUTPOST_DATABASE": place} if isinstance(place, str) else {}),
            "OUTPOST_KEY_FILE": str(self.folder / "data.key"),
            "OUTPOST_PORT": str(self.port),
            **self.settings,
        }


def command_of(process: psutil.Process) -> str:
    """Empty for a process that is just ending."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def form_token(client: httpx.Client, path: str) -> str:
    """The hidden token of the form at `path`."""
    text = client.get(path).text
    return text.split('name="form_token" value="')[1].split('"')[0]
