"""The practice workspace's mail servers, as a process of their own, spoken to by the real channel."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine import clock
from engine.channels.effects import Accepted, Failed, MailAccount, Trace
from engine.channels.email import EmailChannel
from engine.config import PROJECT
from engine.connections import google
from engine.connections.imap import imap_session
from engine.connections.network import Deadline
from engine.connections.oauth import Endpoints, endpoints
from engine.connections.probe import probe
from engine.connections.trouble import Trouble
from engine.connections.trust import trusted
from practice.mail import Listening, listening
from practice.mail_imap import PASSWORD, is_address
from storage.kinds import Reason
from tests.bed.bed import wait_until
from tests.mail.conftest import LOOPBACK, letter
from tests.oauth.conftest import GOOGLE, RETURN
from tests.oauth.person import Person


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data = tmp_path_factory.mktemp("practice")
    with servers(data):
        yield data


@contextmanager
def servers(data: Path) -> Iterator[None]:
    """The mail servers as a process; told to end, they end well."""
    process = subprocess.Popen([sys.executable, "-m", "practice.mail", "--data", str(data)], cwd=PROJECT)
    try:
        wait_until(lambda: pid_in(data) == process.pid, "the practice mail servers", 20)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def pid_in(data: Path) -> int:
    path = data / "mail.json"
    return int(path.read_text().split('"pid": ')[1].rstrip("}")) if path.exists() else 0


def running(data: Path) -> Listening:
    found = listening(data)
    assert found is not None
    return found


def account(data: Path, address: str, password: str = PASSWORD) -> MailAccount:
    found = running(data)
    return MailAccount(address, "Ada", address, password, found.imap, found.smtp, sent_folder="Sent")


def post(data: Path) -> EmailChannel:
    return EmailChannel(LOOPBACK, clock.now, running(data).ca_file)


def subjects(data: Path, address: str, name: str = "INBOX") -> list[str]:
    box = account(data, address)
    with imap_session(box.imap, LOOPBACK, trusted(running(data).ca_file), Deadline.after(10), address, PASSWORD) as session:
        session.select_folder(name, readonly=True)
        found = session.fetch(session.search("ALL"), ["ENVELOPE"])
        return [message[b"ENVELOPE"].subject.decode() for message in found.values()]


def test_a_mail_arrives_its_copy_is_filed_and_can_be_looked_up(folder: Path) -> None:
    ada = account(folder, "ada@acme.practice.test")
    outcome = post(folder).deliver(ada, letter("marie@radium.practice.test", message_id="<p1@outpost.test>"), 15)
    assert isinstance(outcome, Accepted)
    assert outcome.evidence["copy"] == "appended to Sent"
    assert subjects(folder, "marie@radium.practice.test") == ["A question"]
    assert subjects(folder, "ada@acme.practice.test", "Sent") == ["A question"]
    assert post(folder).look_up(ada, "<p1@outpost.test>", 10) is Trace.FOUND
    assert post(folder).look_up(ada, "<p2@outpost.test>", 10) is Trace.UNKNOWABLE


def test_the_probe_finds_its_folders(folder: Path) -> None:
    result = probe(account(folder, "grace@acme.practice.test"), LOOPBACK, running(folder).ca_file)
    assert result.is_good, result.sentences
    assert result.folders is not None
    assert (result.folders.sent, result.folders.junk) == ("Sent", "Junk")


def test_another_password_opens_nothing(folder: Path) -> None:
    result = probe(account(folder, "grace@acme.practice.test", "wrong"), LOOPBACK, running(folder).ca_file)
    assert [sentence.split(":")[0] for sentence in result.sentences] == ["IMAP (reading)", "SMTP (sending)"]


@pytest.mark.parametrize(("recipient", "reason"), [("bounce7", Reason.RECIPIENT_REFUSED), ("busy", Reason.PROVIDER_BUSY)])
def test_some_recipients_are_not_served(folder: Path, recipient: str, reason: Reason) -> None:
    outcome = post(folder).deliver(
        account(folder, "ada@acme.practice.test"), letter(f"{recipient}@radium.practice.test"), 15
    )
    assert isinstance(outcome, Failed)
    assert outcome.reason is reason


@pytest.mark.parametrize(
    "name", ["../x@a.test", "a/b@c.test", "a@..", "@a.test", "a@b", "..@a.test", "a@b/c.test", "a" * 300 + "@b.test"]
)
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    assert not is_address(name)


def test_a_restart_keeps_ports_certificates_and_mail(tmp_path: Path) -> None:
    with servers(tmp_path):
        was = running(tmp_path)
        post(tmp_path).deliver(account(tmp_path, "ada@acme.practice.test"), letter("joe@radium.practice.test"), 15)
    with servers(tmp_path):
        assert replace(running(tmp_path), pid=was.pid) == was
        assert subjects(tmp_path, "joe@radium.practice.test") == ["A question"]


def test_a_sign_in_at_the_stand_in_opens_the_same_mailbox_and_outlives_the_process(tmp_path: Path) -> None:
    with servers(tmp_path):
        box, refresh_token = signed_in(tmp_path, "ada@acme.test")
        found = probe(box, LOOPBACK, running(tmp_path).ca_file)
        assert (found.sentences, found.folders and found.folders.sent) == ((), "Sent")
        assert isinstance(post(tmp_path).deliver(box, letter("grace@acme.test"), 20), Accepted)
        assert subjects(tmp_path, "grace@acme.test") == ["A question"]
        wrong = probe(replace(box, bearer=lambda _refused: "nonsense"), LOOPBACK, running(tmp_path).ca_file)
        assert wrong.imap_trouble
        assert wrong.smtp_trouble
        assert {one.trouble for one in (wrong.imap_trouble, wrong.smtp_trouble)} == {Trouble.TOKEN_REFUSED}
    with servers(tmp_path):
        assert google.refresh(GOOGLE, sign_in_at(tmp_path), refresh_token).access_token


def sign_in_at(data: Path) -> Endpoints:
    found = running(data)
    return endpoints({"OUTPOST_PROVIDERS": found.sign_in, "OUTPOST_PROVIDERS_CA": found.ca_file})


def signed_in(data: Path, address: str) -> tuple[MailAccount, str]:
    """The account that signs in by its token, and the refresh token."""
    where = sign_in_at(data)
    begun = google.begin(GOOGLE, where, RETURN, address, "s")
    granted = google.finish(GOOGLE, where, RETURN, begun.flow, Person(running(data).ca_file).answers(begun.url))
    box = replace(account(data, address, ""), bearer=lambda _refused: granted.access_token)
    return box, granted.refresh_token
