"""A panel that is killed while an address signs in leaves either a whole address or none, and no grant behind."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import cut_off_sign_ins, giving_back
from engine.config import PROJECT
from engine.provider_sign_in import USED, FlowOver
from practice.oauth import StandIn
from storage.database import Database
from storage.kinds import MailboxState, Provider
from storage.tables import Alert, Audit, Lane, Mailbox, MailGrant, SignInFlow
from storage.vault import Vault, new_key
from tests.bed.scripted import Authority
from tests.oauth import office as offices
from tests.oauth.office import RETURN, Office, office
from tests.oauth.person import settings_of

ADA = "ada@acme.test"
KEY = new_key()


@pytest.fixture
def here(database: Database, stand_in: StandIn, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(offices, "VAULT", Vault({1: KEY}))  # the panel that dies has the same key
    with office(database, stand_in, authority) as opened:
        yield opened


@pytest.fixture(scope="module")
def panel() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.oauth.crashing"]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.communicate()


def dies(panel: "subprocess.Popen[str]", here: Office, query: dict[str, str], point: str) -> bool:
    """Whether the panel was killed on the way."""
    imap, smtp = here.where.imap, here.where.smtp
    assert imap
    assert smtp
    given = {
        "point": point,
        "settings": settings_of(here.stand_in),
        "imap": imap.port,
        "smtp": smtp.port,
        "now": here.now.isoformat(),
        "key": KEY.hex(),
        "database": str(Path(here.database.engine.url.database or "")),
        "session": here.session_token,
        "redirect": RETURN,
        "query": query,
        "ca_file": here.ca_file,
    }
    assert panel.stdin
    assert panel.stdout
    panel.stdin.write(json.dumps(given) + "\n")
    panel.stdin.flush()
    return int(panel.stdout.readline()) == signal.SIGKILL


def given_back(here: Office) -> int:
    here.now += timedelta(minutes=16)
    return giving_back.give_back_due(here.tokens)


@pytest.mark.parametrize("provider", [Provider.GOOGLE, Provider.MICROSOFT])
@pytest.mark.parametrize("point", ["sign_in_taken", "sign_in_granted", "sign_in_held", "sign_in_tried", "sign_in_kept"])
def test_a_panel_killed_at_any_step_leaves_a_whole_address_or_none(
    panel: "subprocess.Popen[str]", here: Office, provider: Provider, point: str
) -> None:
    query = here.person.answers(here.begin(provider, ADA))
    assert dies(panel, here, query, point)
    is_kept = point == "sign_in_kept"
    box = here.mailbox(ADA)
    assert (box is not None) is is_kept
    with here.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Lane)) == is_kept
        audited = [line.what for line in session.scalars(select(Audit)) if line.what == "mailbox.connected"]
        assert len(audited) == is_kept
        assert session.scalar(select(func.count()).where(Mailbox.grant_id.is_not(None))) == is_kept
    # The answer was used up before anything was asked with it: it can't be played again.
    with pytest.raises(FlowOver) as caught:
        here.come_back(query)
    assert str(caught.value) == USED
    if is_kept:
        assert box
        assert (box.state, given_back(here)) == (MailboxState.OK, 0)
        return
    assert (giving_back.give_back_due(here.tokens), cut_off_sign_ins.settle_due(here.tokens)) == (0, 0)  # it is under way
    # The worker gives back what was granted: as it is stored, or by the code that was not presented before the end.
    is_stored = point in ("sign_in_held", "sign_in_tried")
    here.now += timedelta(minutes=2)
    assert cut_off_sign_ins.settle_due(here.tokens) == (provider is Provider.GOOGLE and not is_stored)
    assert given_back(here) == (is_stored or (provider is Provider.GOOGLE and point == "sign_in_taken"))
    # A code that was presented is good for nothing now, and what it brought is lost: a person is told, once.
    is_lost = provider is Provider.GOOGLE and point == "sign_in_granted"
    if provider is Provider.GOOGLE:
        assert here.stand_in.book.live_grants(ADA) == is_lost
    assert told(here) == ([cut_off_sign_ins.TOLD] if is_lost else [])
    assert cut_off_sign_ins.settle_due(here.tokens) == 0
    with here.database.read() as session:
        assert session.scalar(select(func.count()).where(MailGrant.refresh_token.is_not(None))) == 0
        assert session.scalar(select(func.count()).where(SignInFlow.flow.is_not(None))) == 0
    here.now -= timedelta(minutes=18)
    assert here.sign_in(provider, ADA).is_connected  # and it is simply done again
    assert told(here) == []
    assert given_back(here) == 0


def told(here: Office) -> list[str]:
    with here.database.read() as session:
        return list(session.scalars(select(Alert.sentence).where(Alert.cleared_at.is_(None))))
