"""Opens the practice installation: its own folder, key and clock; filled when empty; allowed to talk to this computer."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, passwords
from engine.config import PROJECT, load
from engine.desk import WORKER, Actor, Desk, Problem
from engine.installation import Outpost, open_outpost
from engine.networks import set_allowed_networks
from engine.provider_apps import AppForm, installation_apps, set_installation_app
from practice.crowds import add_crowds
from practice.history import write_history
from practice.mail import Listening
from practice.mail_imap import PASSWORD as MAIL_PASSWORD
from practice.moved_clock import practice_day, set_clock
from practice.oauth_book import GOOGLE_ID, GOOGLE_SECRET, MICROSOFT_ID, MICROSOFT_SECRET
from practice.seat import take_seat
from practice.stage import MailHost
from storage.kinds import Provider, Role
from storage.tables import Membership, User
from storage.vault import Place

PASSWORD = "nothing here is real"
_READY = "ready"  # the file that says that the history was written to its end
OWNER = "practice@outpost.test"
_COLLEAGUES = (("mara@outpost.test", "Mara Quillon", Role.MANAGER), ("odo@outpost.test", "Odo Pellworth", Role.OPS))


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the practice installation should be: `begins` fixes its clock, `crowds` adds the workspaces for screenshots."""

    fresh: bool = False
    begins: datetime | None = None
    crowds: bool = False


def environment(wishes: Wishes) -> dict[str, str]:
    """The settings of every practice process; the folder exists afterwards, is held by this process, and has its clock."""
    data = Path(os.environ.get("OUTPOST_DATA", PROJECT / "data-practice")).resolve()
    data.mkdir(parents=True, exist_ok=True)
    hold(data)
    if wishes.fresh or not (data / _READY).exists():
        forget(data)
    clock_file = data / "clock"
    if not clock_file.exists():
        wall = clock.now()
        set_clock(clock_file, wall, wishes.begins or practice_day(wall))
    return {"OUTPOST_DATA": str(data), "OUTPOST_PRACTICE": "1", "OUTPOST_CLOCK": str(clock_file)}


def hold(data: Path) -> None:
    """Keep the folder for this process as long as it lives; Problem while another one has it."""
    handle = os.open(data, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem(f"The practice workspace in {data} is running already; end it with Ctrl-C first.") from None


def forget(data: Path) -> None:
    """Empty a practice folder and remove its key; refused (Problem) for a folder that no practice clock marks as one."""
    inside = list(data.iterdir())
    if inside and not (data / "clock").exists():
        raise Problem(f"{data} is not a practice folder, so it is left alone; set OUTPOST_DATA to another one.")
    for path in inside:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    data.with_name(f"{data.name}.key").unlink(missing_ok=True)


def fill_when_empty(mail: Listening, wishes: Wishes) -> None:
    """Users, the workspace and its history, unless that is done; what was only begun is begun anew by `environment`."""
    outpost = open_outpost(load())
    ready = outpost.config.data / _READY
    try:
        _enter_apps(outpost)
        if ready.exists():
            return
        with outpost.database.write() as session:
            now = clock.now()
            owner_id = _users(session, now)
            set_allowed_networks(Desk(session, WORKER, None, now), ["127.0.0.1", "::1"])
        workspace_id = write_history(outpost.config.database_url, _host(outpost, mail), now, set_by=owner_id)
        with outpost.database.write() as session:
            _join(session, workspace_id, now)
            if wishes.crowds:
                add_crowds(session, now)
            take_seat(session, outpost.vault, workspace_id, Actor(owner_id, OWNER, is_owner=True), now)
        ready.touch()
    finally:
        outpost.database.close()


def _enter_apps(outpost: Outpost) -> None:
    """The apps that the sign-in stand-in knows, unless somebody entered others."""
    apps = (
        AppForm(Provider.GOOGLE, GOOGLE_ID, GOOGLE_SECRET),
        AppForm(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET),
    )
    with outpost.database.write() as session:
        desk = Desk(session, WORKER, None, clock.now())
        known = installation_apps(desk)
        for app in apps:
            if app.provider not in known:
                set_installation_app(desk, form=app, vault=outpost.vault)


def _users(session: Session, now: datetime) -> int:
    kept = passwords.hashed(PASSWORD)
    owner = User(email=OWNER, name="Practice owner", password_hash=kept, is_owner=True, created_at=now)
    colleagues = [User(email=email, name=name, password_hash=kept, created_at=now) for email, name, _ in _COLLEAGUES]
    session.add_all([owner, *colleagues])
    session.flush()
    return owner.id


def _join(session: Session, workspace_id: int, now: datetime) -> None:
    for email, _, role in _COLLEAGUES:
        user_id = session.scalars(select(User.id).where(User.email == email)).one()
        session.add(Membership(user_id=user_id, workspace_id=workspace_id, role=role, created_at=now))


def _host(outpost: Outpost, mail: Listening) -> MailHost:
    def seal(workspace_id: int, mailbox_id: int) -> bytes:
        return outpost.vault.seal(MAIL_PASSWORD, Place(workspace_id, "mailbox", mailbox_id, "password"))

    return MailHost(mail.imap, mail.smtp, seal)
