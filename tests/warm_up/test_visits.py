"""A round of visits: a few claimed at once, none after a Stop, and nobody kept from it by another's trouble."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from engine import stops, warm_up_keeping, warm_up_tasks
from engine.channels.effects import MailAccount
from engine.connections.imap import ImapSession
from engine.connections.trouble import ConnectionTrouble, Trouble
from engine.mail_accounts import account_for, password_place
from engine.warm_up_keeping import Way
from storage.database import Database
from storage.tables import Mailbox, WarmUpMember
from tests import makers
from tests.dispatch.test_behind_those_who_wait import VAULT
from tests.makers import MONDAY
from tests.warm_up.office import office

MANY = 13


def town(database: Database) -> list[int]:
    with database.write() as session:
        office(session, partners=MANY)
        for box in session.scalars(select(Mailbox)):
            box.password = VAULT.seal("secret", password_place(box))
        return list(session.scalars(select(Mailbox.id).order_by(Mailbox.id)))[:MANY]


def way(seen: list[str], then: Callable[[], object] = lambda: None) -> Way:
    """Into mailboxes none of which answers; each that is knocked at is noted, and then something happens."""

    @contextmanager
    def knock(account: MailAccount) -> Iterator[ImapSession]:
        seen.append(account.address)
        then()
        raise ConnectionTrouble(Trouble.PORT_CLOSED, account.imap.host, account.imap.port)
        yield

    return Way(account_for(VAULT), lambda _session: b"a key", knock)


def looked_at(database: Database) -> list[datetime | None]:
    with database.read() as session:
        return list(session.scalars(select(WarmUpMember.looked_at).order_by(WarmUpMember.mailbox_id)))


def test_each_is_visited_once_and_what_is_wrong_is_noted(database: Database) -> None:
    ids, seen = town(database), list[str]()
    warm_up_keeping.visit_all(database, ids, way(seen), lambda: MONDAY)
    warm_up_keeping.visit_all(
        database, ids, way(seen), lambda: MONDAY + timedelta(minutes=9)
    )  # another worker, a little late
    assert len(seen) == len(set(seen)) == MANY
    with database.read() as session:
        assert all("refuses connections" in note for note in session.scalars(select(WarmUpMember.note)))


def test_few_are_claimed_at_once_so_that_their_visits_end_before_their_claims(database: Database) -> None:
    ids, at_first = town(database), list[int]()
    warm_up_keeping.visit_all(database, ids, way([], lambda: at_first.append(len(looked_at(database)))), lambda: MONDAY)
    most = at_first[0]
    assert most * warm_up_keeping.VISIT_SECONDS <= warm_up_tasks.BETWEEN_VISITS.total_seconds() / 4


def test_a_stop_in_the_midst_of_a_round_ends_it_with_the_visit_in_flight(database: Database) -> None:
    ids, seen = town(database), list[str]()

    def stop() -> None:
        with database.write() as session:
            workspace = session.scalars(select(Mailbox.workspace_id).where(Mailbox.id == ids[-1])).one()
            stops.press_workspace(makers.desk(session, workspace), note="")

    warm_up_keeping.visit_all(database, ids[1:], way(seen, stop), lambda: MONDAY)
    assert len(seen) == 1


def test_a_pause_in_the_midst_of_a_round_holds_at_once(database: Database) -> None:
    ids, seen = town(database), list[str]()

    def pause() -> None:
        with database.write() as session:
            session.get_one(Mailbox, ids[1]).paused_at = MONDAY

    warm_up_keeping.visit_all(database, ids[:3], way(seen, pause), lambda: MONDAY)
    assert len(seen) == 2


def test_a_rescue_that_is_forbidden_meanwhile_is_not_made(database: Database) -> None:
    ids = town(database)
    with database.write() as session:
        for mailbox_id in ids[:2]:
            session.merge(WarmUpMember(mailbox_id=mailbox_id, may_rescue=True))
    with database.write() as session:
        row = warm_up_tasks.claim(session, ids[0], MONDAY)
        task = warm_up_tasks.task_of(session, row, b"a key", MONDAY)
    assert task.may_rescue
    with database.glances() as glance:
        assert warm_up_tasks.still(glance, task) == task
        with database.write() as session:
            session.get_one(WarmUpMember, ids[0]).may_rescue = False
        assert warm_up_tasks.still(glance, task) == replace(task, may_rescue=False)


def test_a_round_that_lasts_claims_by_the_time_it_is_then(database: Database) -> None:
    ids, minutes = town(database), itertools.count()
    warm_up_keeping.visit_all(database, ids, way([]), lambda: MONDAY + timedelta(minutes=next(minutes)))
    first, *_, last = looked_at(database)
    assert first is not None
    assert last is not None
    assert last - first >= timedelta(minutes=10)


def test_a_defect_over_one_mailbox_keeps_no_other_from_its_visit(database: Database) -> None:
    ids, seen = town(database), list[str]()

    def breaks() -> None:
        if len(seen) == 1:
            raise KeyError("a defect")

    warm_up_keeping.visit_all(database, ids, way(seen, breaks), lambda: MONDAY)
    assert len(seen) == MANY


def test_a_password_that_can_not_be_opened_keeps_no_other_from_its_visit(database: Database) -> None:
    ids, seen = town(database), list[str]()
    with database.write() as session:
        session.get_one(Mailbox, ids[0]).password = b"no such key, no such place: damaged"
        session.get_one(Mailbox, ids[1]).password = None
    warm_up_keeping.visit_all(database, ids, way(seen), lambda: MONDAY)
    assert len(seen) == MANY - 2
    assert looked_at(database) == [MONDAY] * MANY  # also the damaged ones, or they came first for ever
