"""The life of an e-mail address: connected, probed, paused, disconnected, brought back; who may, and what stays."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import mailboxes, networks
from engine.channels.effects import Server
from engine.connections.probe import Folders, Probe
from engine.connections.trouble import ConnectionTrouble, Trouble
from engine.desk import Denied, Desk, Problem, perform
from engine.mail_accounts import password_place
from engine.mailbox_probes import next_retry, record
from engine.mailboxes import ImapForm
from storage.database import Database
from storage.kinds import LeadState, MailboxState, Role, Security
from storage.tables import Audit, Identity, Installation, Lane, LimitSetting, Mailbox
from storage.vault import Vault, new_key
from tests import makers
from tests.makers import MONDAY, OWNER

VAULT = Vault({1: new_key()})
FOLDERS = Folders("Sent", "Junk", False)
FORM = ImapForm("Ada@Acme.test ", "open sesame", "imap.acme.test", "smtp.acme.test", display_name="Ada")


@pytest.fixture
def ada(database: Database) -> Identity:
    with database.write() as session:
        makers.installation(session)
        makers.user(session, id=OWNER.user_id)
        return makers.identity(session, makers.workspace(session).id)


@pytest.fixture
def do(database: Database, ada: Identity) -> Callable[..., Any]:
    """Perform a use case as the owner, in Ada's workspace, on Monday unless said otherwise."""

    def act(task: Callable[..., Any], *, actor: Any = OWNER, now: datetime = MONDAY, **values: Any) -> Any:
        return perform(database, actor, ada.workspace_id, now, task, **values)

    return act


def connect(do: Callable[..., Any], ada: Identity, form: ImapForm = FORM, **values: Any) -> int:
    made: int = do(mailboxes.connect_imap, identity_id=ada.id, form=form, folders=FOLDERS, vault=VAULT, **values)
    return made


def row(database: Database, mailbox_id: int) -> Mailbox:
    with database.read() as session:
        return session.get_one(Mailbox, mailbox_id)


def test_a_connected_address_has_a_sealed_password_a_lane_and_a_limit_of_20(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    mailbox_id = connect(do, ada)
    kept = row(database, mailbox_id)
    assert (kept.address, kept.username, kept.state) == ("ada@acme.test", "ada@acme.test", MailboxState.OK)
    assert kept.password is not None
    assert b"sesame" not in kept.password
    assert VAULT.open(kept.password, password_place(kept)) == "open sesame"
    (shown,) = do(mailboxes.list_of, identity_id=ada.id)
    assert (shown.today.used, shown.today.limit, shown.limit_until) == (0, 20, MONDAY + timedelta(days=14))
    with database.read() as session:
        assert session.scalars(select(Lane.wake_at)).one() == MONDAY
        account = mailboxes.account_for(VAULT)(session, session.get_one(Mailbox, mailbox_id))
        assert (account.password, account.display_name) == ("open sesame", "Ada")
        assert "sesame" not in repr(account)
        assert not any("sesame" in str((line.old, line.new, line.subject)) for line in session.scalars(select(Audit)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"address": "ada"}, "correct the part before the @"),
        ({"address": "ada@acme.test\r\nBcc: x@y.z"}, "control character"),
        ({"password": ""}, "Enter the password"),
        ({"imap_host": " "}, "Enter the IMAP host"),
        ({"smtp_host": "https://smtp.acme.test/"}, "is not a host name"),
        ({"smtp_host": "smtp.acme.test:587"}, "is not a host name"),
        ({"imap_port": 0}, "is not a port"),
        ({"imap_port": 587}, "wrong way round"),
        ({"smtp_port": 993}, "wrong way round"),
        ({"imap_host": "outlook.office365.com"}, "Microsoft switched password sign-in off"),
    ],
)
def test_a_form_that_can_t_be_tried_says_what_is_wrong_before_any_network(
    do: Callable[..., Any], ada: Identity, change: dict[str, Any], sentence: str
) -> None:
    permit = do(mailboxes.may_connect, identity_id=ada.id, address="ada@acme.test")
    with pytest.raises(Problem, match=sentence):
        mailboxes.check(permit, replace(FORM, **change))


@pytest.mark.parametrize(("port", "security"), [(993, Security.SSL), (465, Security.SSL), (587, Security.STARTTLS)])
def test_the_usual_ports_decide_the_encryption(port: int, security: Security) -> None:
    for chosen in Security:
        assert replace(FORM, smtp_port=port, smtp_security=chosen).smtp.security is security
        assert replace(FORM, smtp_port=2525, smtp_security=chosen).smtp.security is chosen


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        (" IMAP.Acme.test. ", "imap.acme.test"),
        ("imap.bücher.example", "imap.xn--bcher-kva.example"),
        ("10.0.0.5", "10.0.0.5"),
    ],
)
def test_a_host_is_taken_as_people_type_it(typed: str, host: str) -> None:
    assert replace(FORM, imap_host=typed).imap.host == host


def test_an_address_sends_for_one_identity_and_who_has_it_is_told_only_to_those_who_may_see(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    connect(do, ada)
    with pytest.raises(Problem, match="already connected to this identity"):
        connect(do, ada)
    with database.write() as session:
        grace = makers.identity(session, ada.workspace_id, first_name="Grace", last_name="Hopper")
        only_grace = makers.member(session, ada.workspace_id, Role.MANAGER, [grace.id])
        elsewhere = makers.identity(session, makers.workspace(session).id)
    with pytest.raises(Problem, match="already sends for Ada Lovelace"):
        connect(do, grace)
    with pytest.raises(Problem, match="already connected in this installation"):
        connect(do, grace, actor=only_grace)
    with pytest.raises(Problem, match="already connected in this installation") as told:
        perform(
            database,
            OWNER,
            elsewhere.workspace_id,
            MONDAY,
            mailboxes.may_connect,
            identity_id=elsewhere.id,
            address=FORM.address,
        )
    assert "Lovelace" not in str(told.value)


def test_nothing_half_done_stays_when_connecting_fails(database: Database, do: Callable[..., Any], ada: Identity) -> None:
    with pytest.raises(Problem):
        connect(do, ada, replace(FORM, imap_host=""))
    with database.read() as session:
        assert session.scalars(select(Mailbox)).all() == []
        assert session.scalars(select(Lane)).all() == []


def test_a_pause_holds_and_a_resume_wakes(database: Database, do: Callable[..., Any], ada: Identity) -> None:
    mailbox_id = connect(do, ada)
    do(mailboxes.pause, mailbox_id=mailbox_id)
    assert row(database, mailbox_id).paused_at == MONDAY
    assert row(database, mailbox_id).state is MailboxState.OK  # paused is not disconnected
    do(mailboxes.resume, mailbox_id=mailbox_id)
    assert row(database, mailbox_id).paused_at is None


def test_disconnecting_says_who_is_held_and_forgets_the_password(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    mailbox_id = connect(do, ada)
    with database.write() as session:
        spring = makers.campaign(session, ada, name="Spring")
        for state in (LeadState.ACTIVE, LeadState.ACTIVE, LeadState.FINISHED, LeadState.REPLIED):
            makers.lead(session, spring, state=state, mailbox_id=mailbox_id)
    rehearsal = do(mailboxes.rehearse_disconnect, mailbox_id=mailbox_id)
    assert rehearsal.sentence.startswith("2 leads that are mid-sequence on this address will fail (Spring).")
    assert do(mailboxes.disconnect, mailbox_id=mailbox_id) == rehearsal
    gone = row(database, mailbox_id)
    assert (gone.state, gone.password, gone.next_probe_at, gone.removed_at) == (MailboxState.DISCONNECTED, None, None, None)
    assert "Disconnected by" in gone.state_note
    with database.read() as session, pytest.raises(Problem, match="reconnect it"):
        mailboxes.account_for(VAULT)(session, session.get_one(Mailbox, mailbox_id))


@pytest.mark.parametrize("remove", [False, True])
def test_the_same_address_brings_back_its_row_its_lane_and_its_settings(
    database: Database, do: Callable[..., Any], ada: Identity, remove: bool
) -> None:
    mailbox_id = connect(do, ada)
    do(mailboxes.set_signature, mailbox_id=mailbox_id, signature="Ada\r\nActuary  \n\n")
    do(mailboxes.disconnect, mailbox_id=mailbox_id, remove=remove)
    assert len(do(mailboxes.list_of, identity_id=ada.id)) == (0 if remove else 1)
    later = MONDAY + timedelta(days=30)
    assert connect(do, ada, replace(FORM, password="new"), now=later) == mailbox_id
    back = row(database, mailbox_id)
    assert (back.state, back.state_since, back.connected_at, back.signature) == (
        MailboxState.OK,
        later,
        MONDAY,
        "Ada\nActuary",
    )
    with database.read() as session:
        assert len(session.scalars(select(Lane)).all()) == 1
        assert len(session.scalars(select(LimitSetting)).all()) == 2
        assert mailboxes.account_for(VAULT)(session, session.get_one(Mailbox, mailbox_id)).password == "new"


def test_a_removed_address_may_go_to_another_identity_as_a_new_row(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    mailbox_id = connect(do, ada)
    do(mailboxes.disconnect, mailbox_id=mailbox_id, remove=True)
    with database.write() as session:
        grace = makers.identity(session, ada.workspace_id, first_name="Grace")
    assert connect(do, grace) != mailbox_id
    with pytest.raises(Problem, match="already sends for Grace"):
        connect(do, ada)


@pytest.mark.parametrize(
    ("task", "values", "sentence"),
    [
        (mailboxes.set_gap, {"seconds": 59}, "between 1 minute and 24 hours"),
        (mailboxes.set_gap, {"seconds": 86_401}, "between 1 minute and 24 hours"),
        (mailboxes.set_signature, {"signature": "x" * 2_001}, "longer than 2,000"),
        (mailboxes.set_display_name, {"display_name": "Ada\x1b[31m"}, "can't be printed"),
        (mailboxes.set_display_name, {"display_name": "a" * 201}, "too long"),
    ],
)
def test_a_setting_out_of_bounds_is_refused(
    do: Callable[..., Any], ada: Identity, task: Callable[..., Any], values: dict[str, Any], sentence: str
) -> None:
    mailbox_id = connect(do, ada)
    with pytest.raises(Problem, match=sentence):
        do(task, mailbox_id=mailbox_id, **values)


def test_ops_may_look_and_change_nothing(database: Database, do: Callable[..., Any], ada: Identity) -> None:
    mailbox_id = connect(do, ada)
    with database.write() as session:
        ops = makers.member(session, ada.workspace_id, Role.OPS)
    assert len(do(mailboxes.list_of, actor=ops, identity_id=ada.id)) == 1
    for task in (mailboxes.pause, mailboxes.resume, mailboxes.disconnect, mailboxes.check_soon):
        with pytest.raises(Denied):
            do(task, actor=ops, mailbox_id=mailbox_id)
    with pytest.raises(Denied):  # else the form would be a port scanner for anybody
        do(mailboxes.may_connect, actor=ops, identity_id=ada.id, address="x@acme.test")


def failed(trouble: Trouble) -> Probe:
    return Probe(ConnectionTrouble(trouble, "imap.acme.test", 993), None, None)


GOOD = Probe(None, None, Folders("Gesendet", "Spam", True))
MINUTES = [2, 4, 8, 16, 32, 60, 60]


def probed(session: Session, mailbox_id: int, result: Probe, now: datetime = MONDAY) -> Mailbox:
    mailbox = session.get_one(Mailbox, mailbox_id)
    record(Desk(session, OWNER, mailbox.workspace_id, now), mailbox, result)
    return mailbox


def test_a_passing_trouble_degrades_and_is_asked_again_with_patience(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    mailbox_id = connect(do, ada)
    with database.write() as session:
        for failures, minutes in enumerate(MINUTES, 1):
            mailbox = probed(session, mailbox_id, failed(Trouble.TIMED_OUT))
            assert (mailbox.state, mailbox.probe_failures) == (MailboxState.DEGRADED, failures)
            assert mailbox.state.may_send
            assert mailbox.next_probe_at == MONDAY + timedelta(minutes=minutes)
        assert mailbox.state_note.startswith("IMAP (reading): imap.acme.test did not answer")
        later = MONDAY + timedelta(hours=3)
        mailbox = probed(session, mailbox_id, GOOD, later)
        assert (mailbox.state, mailbox.state_since, mailbox.last_good_at, mailbox.state_note) == (
            MailboxState.OK,
            later,
            later,
            "",
        )
        assert (mailbox.sent_folder, mailbox.junk_folder, mailbox.files_sent_itself) == ("Gesendet", "Spam", True)


@pytest.mark.parametrize("trouble", [one for one in Trouble if one.ends_connection])
def test_a_refused_sign_in_needs_a_person_at_once_and_is_not_tried_for_ever(
    database: Database, do: Callable[..., Any], ada: Identity, trouble: Trouble
) -> None:
    mailbox_id = connect(do, ada)
    with database.write() as session:
        mailbox = probed(session, mailbox_id, failed(trouble))
        assert (mailbox.state, mailbox.next_probe_at) == (MailboxState.RECONNECT_NEEDED, None)
        assert not mailbox.state.may_send
        since = mailbox.state_since
        probed(session, mailbox_id, failed(trouble), MONDAY + timedelta(days=1))
        assert mailbox.state_since == since  # the same state keeps its since
    connect(do, ada)  # and the same form, once more, mends it
    assert row(database, mailbox_id).state is MailboxState.OK


def test_a_check_that_a_person_asks_for_comes_at_the_next_tick(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    mailbox_id = connect(do, ada)
    with database.write() as session:
        probed(session, mailbox_id, failed(Trouble.WRONG_PASSWORD))
    do(mailboxes.check_soon, mailbox_id=mailbox_id)
    assert row(database, mailbox_id).next_probe_at == MONDAY


def test_retries_never_wait_longer_than_an_hour() -> None:
    assert next_retry(1_000, MONDAY) == MONDAY + timedelta(hours=1)


def test_due_probes_run_are_recorded_and_leave_the_others_alone(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    """Nothing listens at these addresses, and their network is not allowed: a passing trouble, with its sentence."""
    closed = replace(FORM, imap_host="127.0.0.1", smtp_host="127.0.0.1")
    due = connect(do, ada, closed)
    other = connect(do, ada, replace(closed, address="ada2@acme.test"), now=MONDAY + timedelta(hours=1))
    at = MONDAY + timedelta(hours=1, minutes=30)
    assert mailboxes.probe_due(database, mailboxes.account_for(VAULT), at, seconds=2) == 1
    assert row(database, due).state is MailboxState.DEGRADED
    assert "an owner of this installation must allow" in row(database, due).state_note
    assert row(database, other).state is MailboxState.OK
    assert mailboxes.probe_due(database, mailboxes.account_for(VAULT), at, seconds=2) == 0


def test_a_probe_of_an_address_that_was_disconnected_meanwhile_is_not_recorded(
    database: Database, do: Callable[..., Any], ada: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox_id = connect(do, ada)

    def slow(*values: object) -> Probe:
        do(mailboxes.disconnect, mailbox_id=mailbox_id)
        return GOOD

    monkeypatch.setattr("engine.mailbox_probes.probe", slow)
    mailboxes.probe_due(database, mailboxes.account_for(VAULT), MONDAY + timedelta(hours=2))
    assert row(database, mailbox_id).state is MailboxState.DISCONNECTED


def test_only_an_owner_allows_a_private_network(database: Database, do: Callable[..., Any], ada: Identity) -> None:
    with database.write() as session:
        admin = makers.member(session, ada.workspace_id, Role.ADMIN)
    with pytest.raises(Denied):
        do(networks.set_allowed_networks, actor=admin, networks=["10.0.0.0/8"])
    assert do(networks.set_allowed_networks, networks=[" 10.1.2.3/8", "192.168.7.9", "10.0.0.0/8", ""]) == (
        "10.0.0.0/8",
        "192.168.7.9/32",
    )
    assert do(networks.list_allowed_networks) == ("10.0.0.0/8", "192.168.7.9/32")
    for bad, sentence in (("my network", "is not a network"), ("0.0.0.0/0", "every network"), ("::/0", "every network")):
        with pytest.raises(Problem, match=sentence):
            do(networks.set_allowed_networks, networks=[bad])
    permit = do(mailboxes.may_connect, identity_id=ada.id, address="ada@acme.test")
    assert len(permit.network.allowed) == 2


def test_the_proposal_needs_no_network_for_a_known_domain(do: Callable[..., Any], ada: Identity) -> None:
    permit = do(mailboxes.may_connect, identity_id=ada.id, address=" Ada@GMX.de")
    assert permit.address == "ada@gmx.de"
    assert mailboxes.propose(permit).imap == Server("imap.gmx.net", 993, Security.SSL)


def test_the_servers_of_a_connected_neighbour_are_proposed_to_those_who_may_see_it(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    connect(do, ada, replace(FORM, imap_host="mail.acme.test", imap_port=993))
    permit = do(mailboxes.may_connect, identity_id=ada.id, address="grace@acme.test")
    assert mailboxes.propose(permit).imap == Server("mail.acme.test", 993, Security.SSL)
    assert "ada@acme.test" in mailboxes.propose(permit).source
    assert do(mailboxes.may_connect, identity_id=ada.id, address="grace@me.test").known is None
    with database.write() as session:
        grace = makers.identity(session, ada.workspace_id, first_name="Grace")
        only_grace = makers.member(session, ada.workspace_id, Role.MANAGER, [grace.id])
    assert do(mailboxes.may_connect, actor=only_grace, identity_id=grace.id, address="grace@acme.test").known is None


def test_a_practice_installation_proposes_its_stand_ins_and_reaches_nobody_else(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    connect(do, ada, replace(FORM, imap_host="localhost", imap_port=20143))
    with database.write() as session:
        session.get_one(Installation, 1).practice = True
    permit = do(mailboxes.may_connect, identity_id=ada.id, address="new@gmail.com")
    assert mailboxes.propose(permit).imap == Server("localhost", 20143, Security.SSL)
    found = mailboxes.check(permit, replace(FORM, imap_host="8.8.8.8", smtp_host="8.8.8.8"), seconds=2)
    assert all("This is a practice workspace" in sentence for sentence in found.sentences)


def test_an_address_that_may_send_and_has_no_next_probe_is_probed(
    database: Database, do: Callable[..., Any], ada: Identity
) -> None:
    mailbox_id = connect(do, ada, replace(FORM, imap_host="127.0.0.1", smtp_host="127.0.0.1"))
    with database.write() as session:
        session.get_one(Mailbox, mailbox_id).next_probe_at = None
    assert mailboxes.probe_due(database, mailboxes.account_for(VAULT), MONDAY, seconds=2) == 1
    do(mailboxes.disconnect, mailbox_id=mailbox_id)
    assert mailboxes.probe_due(database, mailboxes.account_for(VAULT), MONDAY + timedelta(days=9), seconds=2) == 0
