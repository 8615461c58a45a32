"""Killing the worker between the click and its proof, again and again: nobody gets two invitations or two messages."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select

from engine.config import PROJECT
from storage.kinds import ActionKind, ActionState
from storage.tables import Action
from tests.linkedin.conftest import Office, at_work, connected, with_premium
from tests.makers import MONDAY

_LONGEST = 120.0  # seconds of one life


@dataclass
class Reaper:
    """Ends the worker from inside the stand-in: before an effect that then never comes, or some moments after it."""

    random: random.Random
    wanted: int
    process: "subprocess.Popen[bytes] | None" = None
    kills: list[str] = field(default_factory=list)

    def about_to(self, what: str, slug: str) -> bool:
        """Whether the effect happens; called by the stand-in with its lock held."""
        if len(self.kills) >= self.wanted or self.process is None or self.random.random() > 0.85:
            return True
        happens = self.random.random() < 0.5
        self.kills.append(f"{what} {slug} {'after' if happens else 'before'}")
        after = self.random.choice([0.0, 0.0, 0.05, 0.3, 0.8]) if happens else 0.0
        threading.Timer(after, self.kill).start() if after else self.kill()
        return happens

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Report:
    kills: int
    invited: dict[str, int]
    written: dict[str, int]
    states: dict[ActionState, int]
    seconds: float


def crash_loop(office: Office, people: int, kills: int, seed: int = 1) -> Report:
    """Invite and write to so many people while the worker is killed so many times; what became of everybody."""
    site = connected(office)
    with_premium(office)  # a free account may write five notes in 30 days
    slugs = [f"person-{number:03d}" for number in range(people)]
    at_work(office, [ActionKind.CONNECTION_REQUEST], slugs)
    known = [f"friend-{number:03d}" for number in range(people)]
    for slug in known:
        site.member(slug).state = "connected"
    at_work(office, [ActionKind.LINKEDIN_MESSAGE], known)
    reaper = Reaper(random.Random(seed), kills)
    site.before_effect = reaper.about_to
    began, now = time.monotonic(), MONDAY
    while not life(office, reaper, now):
        now += timedelta(days=3)
    return Report(
        len(reaper.kills),
        _count(site.done, "invite"),
        _count(site.done, "message"),
        _states(office),
        time.monotonic() - began,
    )


def life(office: Office, reaper: Reaper, now: object) -> bool:
    """One life of the worker; whether it ended by having nothing left to do."""
    config = office.outpost.config
    command = [sys.executable, "-m", "tests.linkedin.crashing", str(config.data), str(config.key_file)]
    command += [office.address, str(now).replace(" ", "T")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
        reaper.process = process
        try:
            return process.wait(_LONGEST) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            return False


def _count(done: list[tuple[str, str]], what: str) -> dict[str, int]:
    return {slug: sum(1 for one in done if one == (what, slug)) for kind, slug in done if kind == what}


def _states(office: Office) -> dict[ActionState, int]:
    with office.outpost.database.read() as session:
        rows = session.execute(select(Action.state, func.count()).group_by(Action.state))
        return {row[0]: row[1] for row in rows}
