"""SPF, DKIM and DMARC: what a name server says, what it proves, and what a red domain forbids."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, select

from engine import domain_checks, warm_up, warm_up_rehearsals
from engine.connections.domain_records import Records, asker, look
from engine.desk import Problem
from storage.database import Database
from storage.kinds import MailboxState, RecordState
from storage.tables import Audit, DomainCheck, Installation, Mailbox, WarmUp
from tests.makers import MONDAY
from tests.warm_up.name_server import BROKEN, SILENT, NameServer
from tests.warm_up.office import office

PRESENT, MISSING, WRONG = RecordState.PRESENT, RecordState.MISSING, RecordState.WRONG
UNCONFIRMED, UNKNOWN = RecordState.UNCONFIRMED, RecordState.UNKNOWN
SPF, DMARC = "v=spf1 include:_spf.google.com ~all", "v=DMARC1; p=none; rua=mailto:d@well.test"
TEXTS = {
    "_spf.google.com": ("v=spf1 ip4:192.0.2.0/24 ~all",),
    "well.test": ("google-site-verification=x", SPF),
    "_dmarc.well.test": (DMARC,),
    "google._domainkey.well.test": ("v=DKIM1; k=rsa; p=MIIB",),
    "mail.well.test": (SPF.upper(),),
    "selector2._domainkey.mail.well.test": ("p=MIIB",),
    "bare.test": ("hello",),
    "twice.test": (SPF, "v=spf1 -all"),
    "_dmarc.twice.test": ("v=DMARC1; p=maybe",),
    "odd._domainkey.twice.test": ("v=DKIM1; p=MIIB",),
    "open.test": ("v=spf1 +all",),
    "_dmarc.open.test": ("v=DMARC1; p=reject", "v=DMARC1; p=none"),
    "google._domainkey.open.test": ("v=DKIM1; p=",),  # revoked
    "spf10.test": ("v=spf10 ~all",),
}


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    running = NameServer(TEXTS, {"ill.test": BROKEN, "_domainkey.ill.test": SILENT, "_dmarc.ill.test": SILENT})
    yield running
    running.close()


@pytest.mark.parametrize(
    ("domain", "spf", "dkim", "dmarc"),
    [
        ("well.test", PRESENT, PRESENT, PRESENT),
        ("mail.well.test", PRESENT, PRESENT, PRESENT),  # DMARC is inherited
        ("sub.well.test", MISSING, MISSING, PRESENT),  # SPF is not
        ("bare.test", MISSING, MISSING, MISSING),
        ("twice.test", WRONG, UNCONFIRMED, WRONG),
        ("open.test", WRONG, UNCONFIRMED, WRONG),
        ("spf10.test", MISSING, MISSING, MISSING),
        ("nowhere.test", MISSING, MISSING, MISSING),
        ("ill.test", UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_what_a_name_server_says(
    server: NameServer, domain: str, spf: RecordState, dkim: RecordState, dmarc: RecordState
) -> None:
    found = look(domain, (), asker(server.resolver()), seconds=1.5 if domain == "ill.test" else 8)
    assert (found.spf, found.dkim, found.dmarc) == (spf, dkim, dmarc)
    assert bool(found.notes["spf"]) == (spf is not PRESENT)
    assert bool(found.notes["dkim"]) == (dkim is not PRESENT)
    assert bool(found.notes["dmarc"]) == (dmarc is not PRESENT)


def test_a_red_domain_holds_the_start_until_it_is_put_right_or_a_person_says_why(database: Database) -> None:
    texts = {"acme.test": ("v=spf1 -all",), "_dmarc.acme.test": (DMARC,)}
    running = NameServer(texts, mxs=dict.fromkeys(("acme.test", *(f"d{n}.test" for n in range(9))), ("mx.acme.test",)))
    now = MONDAY
    ask = partial(look, ask=asker(running.resolver()))
    with database.write() as session:
        one = office(session)
        box = one.box.id
    assert domain_checks.check_due(database, ask, now) == 6
    with database.write() as session:
        desk = one.desk()
        desk = type(desk)(session, desk.actor, desk.workspace_id, now)
        found = warm_up_rehearsals.rehearse_start(desk, mailbox_id=box)
        assert (found.refusal, found.domain_warning) == (
            "",
            "acme.test has no DKIM key, so its mails carry no signature; switch it on at the provider.",
        )
        with pytest.raises(Problem, match="no DKIM key"):
            warm_up.start(desk, mailbox_id=box)
        assert [bool(one.sentence) for one in warm_up.start_many(desk, mailbox_ids=(box,))] == [True]
        warm_up.start(desk, mailbox_id=box, despite="The key is being set today.")
        line = session.scalars(select(Audit).where(Audit.what == "warm_up.started")).one()
        assert line.new is not None
        assert "The key is being set today." in line.new["despite"]
        warm_up.stop(desk, mailbox_id=box)
    running.texts["default._domainkey.acme.test"] = ("v=DKIM1; p=MIIB",)
    assert domain_checks.check_due(database, ask, now + timedelta(minutes=59)) == 0
    assert domain_checks.check_due(database, ask, now + timedelta(hours=1)) == 6
    with database.write() as session:
        warm_up.start(type(desk)(session, desk.actor, desk.workspace_id, now), mailbox_id=box)
    running.close()


def test_a_domain_that_was_never_checked_waits_for_its_first_check(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        session.execute(delete(DomainCheck))
        found = warm_up_rehearsals.rehearse_start(one.desk(), mailbox_id=one.box.id)
        waits = "The domain acme.test has not been checked yet; the worker looks it up within a minute."
        assert (found.refusal, found.domain_warning, found.is_checked) == ("", waits, False)
        with pytest.raises(Problem, match=r"within a minute. Start it then, or give a reason"):
            warm_up.start(one.desk(), mailbox_id=one.box.id)
        assert not session.scalars(select(WarmUp)).all()
        (came,) = warm_up.start_many(one.desk(), mailbox_ids=(one.box.id,))
        assert came.sentence.startswith(waits)
        warm_up.start(one.desk(), mailbox_id=one.box.id, despite="DNS is broken today.")
        warm_up.stop(one.desk(), mailbox_id=one.box.id)
        session.get_one(Installation, 1).practice = True  # nothing is looked up there
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        warm_up.stop(one.desk(), mailbox_id=one.box.id)
        session.get_one(Installation, 1).practice = False
    silent = Records(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, {"spf": "SPF could not be looked up."})
    domain_checks.check_due(database, lambda _domain, _selectors: silent, MONDAY)
    with database.write() as session:  # a resolver that does not answer proves nothing against the domain
        desk = one.desk()
        warm_up.start(type(desk)(session, desk.actor, desk.workspace_id, MONDAY), mailbox_id=one.box.id)


def test_a_domain_is_asked_again_when_a_person_wants_it_and_only_where_an_address_is_connected(database: Database) -> None:
    asked: list[str] = []

    def ask(domain: str, _selectors: Sequence[str]) -> Records:
        asked.append(domain)
        return Records(PRESENT, UNKNOWN if domain == "d1.test" else PRESENT, PRESENT, PRESENT)

    with database.write() as session:
        one = office(session, partners=2)
        box = one.box.id
        session.scalars(select(Mailbox).where(Mailbox.address == "p0@d0.test")).one().state = MailboxState.DISCONNECTED
        desk = one.desk()
    domain_checks.check_due(database, ask, MONDAY)
    assert asked == ["acme.test", "d1.test"]
    with database.write() as session:
        again = type(desk)(session, desk.actor, desk.workspace_id, MONDAY + timedelta(minutes=1))
        assert domain_checks.check_soon(again, mailbox_id=box)
        assert not domain_checks.check_soon(again, mailbox_id=box)
    domain_checks.check_due(database, ask, MONDAY + timedelta(minutes=1))
    assert asked[2:] == ["acme.test"]
    domain_checks.check_due(database, ask, MONDAY + timedelta(minutes=15))
    assert asked[3:] == ["d1.test"]  # what was not known is asked again soon
    with database.read() as session:
        assert session.get_one(DomainCheck, "acme.test").next_check_at == MONDAY + timedelta(days=1, minutes=1)
