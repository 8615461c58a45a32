"""An owner who lost password and authenticator comes back by a link made on the server, and nobody else does."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import owner_resets, sessions, sign_in, totp
from engine.config import PROJECT
from engine.desk import Problem
from engine.sign_in import Welcome
from storage.tables import Audit, OwnerReset, User, UserSession
from tests import makers
from tests.live import LivePanel, form_token
from tests.makers import MONDAY
from tests.people.conftest import HERE, PASSWORD, Office

GOOD = "eleven cobalt geese whistle"
OLGA = "olga@agency.test"


def test_the_link_gives_a_new_password_without_the_authenticator_and_ends_every_session(office: Office) -> None:
    with office.database.write() as session:
        owner = session.get_one(User, office.owner.user_id)
        totp.propose(session, office.vault, owner)
        owner.totp_confirmed_at = MONDAY
        old = sessions.begin(session, owner.id, HERE, MONDAY)
    token = owner_resets.offer(office.database, f" {OLGA.upper()} ", MONDAY)
    with office.database.write() as session:
        assert sessions.find(session, old, MONDAY) is None, "whoever holds the panel open is out before the link is used"
        again = sessions.begin(session, office.owner.user_id or 0, HERE, MONDAY)
        assert owner_resets.look(session, token, MONDAY).has_code
    new = owner_resets.accept(office.database, token, GOOD, HERE, MONDAY)
    with office.database.read() as session:
        assert sessions.find(session, new, MONDAY)
        assert sessions.find(session, again, MONDAY) is None
        assert session.get_one(User, office.owner.user_id).totp_secret is None
        told = session.scalars(select(Audit.what).where(Audit.what.startswith("owner.reset")).order_by(Audit.id)).all()
        assert told == ["owner.reset_offered", "owner.reset"]
    assert isinstance(sign_in.with_password(office.database, OLGA, GOOD, HERE, MONDAY), Welcome)
    assert not isinstance(sign_in.with_password(office.database, OLGA, PASSWORD, HERE, MONDAY), Welcome)


def test_the_link_works_once_an_hour_long_and_only_the_newest(office: Office) -> None:
    replaced = owner_resets.offer(office.database, OLGA, MONDAY)
    token = owner_resets.offer(office.database, OLGA, MONDAY)
    late = MONDAY + timedelta(hours=1)
    for dead, now in ((replaced, MONDAY), (token, late), ("made-up", MONDAY), ("", MONDAY)):
        with pytest.raises(Problem, match="does not work any more"):
            owner_resets.accept(office.database, dead, GOOD, HERE, now)
    with pytest.raises(Problem, match="use at least 12"):
        owner_resets.accept(office.database, token, "short", HERE, MONDAY)
    owner_resets.accept(office.database, token, GOOD, HERE, MONDAY)
    with pytest.raises(Problem, match="does not work any more"):
        owner_resets.accept(office.database, token, GOOD, HERE, MONDAY)


def test_a_link_used_by_six_at_once_is_used_by_one(office: Office) -> None:
    token, made, refused = owner_resets.offer(office.database, OLGA, MONDAY), [], []

    def use(number: int) -> None:
        try:
            made.append(owner_resets.accept(office.database, token, f"{GOOD} {number}", HERE, MONDAY))
        except Problem as problem:
            refused.append(problem)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 5)


def test_only_an_owner_who_may_sign_in_gets_a_link(office: Office) -> None:
    with office.database.write() as session:
        gone = makers.user(session, is_owner=True, email="gone@agency.test", disabled_at=MONDAY)
    for email in (office.manager.label, gone.email, "nobody@agency.test", ""):
        with pytest.raises(Problem, match=rf"The owners are: {OLGA}\."):
            owner_resets.offer(office.database, email, MONDAY)
    token = owner_resets.offer(office.database, OLGA, MONDAY)
    with office.database.write() as session:
        session.get_one(User, office.owner.user_id).is_owner = False
    with pytest.raises(Problem, match="does not work any more"):
        owner_resets.accept(office.database, token, GOOD, HERE, MONDAY)


@pytest.mark.slow
def test_the_command_prints_a_link_that_the_running_panel_honours(tmp_path: Path) -> None:
    panel = LivePanel(tmp_path / "panel", {"OUTPOST_WORKER": "off"}).start()
    try:
        owner = panel.owner()
        assert "No owner signs in as" in command(panel, "nobody@agency.test").stderr
        link = next(word for word in command(panel, OLGA).stdout.split() if "/reset/" in word)
        assert owner.get("/").status_code == 303
        path = link.removeprefix(panel.address)
        client = panel.client()
        weak = client.post(path, data={"password": "short", "form_token": form_token(client, path)})
        assert (weak.status_code, "use at least 12" in weak.text) == (422, True)
        done = client.post(path, data={"password": GOOD, "form_token": form_token(client, path)})
        assert done.headers["location"] == "/"
        assert client.get("/").status_code == 200
        assert panel.client().get(path).status_code == 410
        with panel.database().read() as session:
            kept = session.scalars(select(OwnerReset.token_hash)).one()
            assert kept == sessions.digest(path.rsplit("/", 1)[-1])
            assert session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))).one()
    finally:
        panel.stop()


def command(panel: LivePanel, email: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "engine.owner_resets", email]
    return subprocess.run(line, cwd=PROJECT, env=panel.environment(), capture_output=True, text=True, check=False)
