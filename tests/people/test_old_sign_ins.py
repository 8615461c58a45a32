"""Attempts to sign in and ended sessions go after months; what throttling, a person or the audit needs stays."""

from datetime import datetime, timedelta

from sqlalchemy import func, insert, select

from engine import old_sign_ins, sessions, throttling
from engine.old_sign_ins import ATTEMPTS_KEPT, SESSIONS_KEPT, forget_old
from engine.people import last_sign_ins
from engine.sign_in import Welcome, with_password
from storage.columns import Base
from storage.database import Database
from storage.tables import Audit, SignIn, UserSession
from tests.makers import MONDAY
from tests.people.conftest import HERE, PASSWORD, Office

SECOND = timedelta(seconds=1)


def attempts(office: Office, *instants: datetime, email: str = "nobody@agency.test", succeeded: bool = False) -> None:
    rows = [{"at": at, "email": email, "address": HERE.address, "succeeded": succeeded} for at in instants]
    with office.database.write() as session:
        session.execute(insert(SignIn), rows)


def count(database: Database, table: type[Base]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_attempt_goes_after_ninety_days_and_not_a_second_sooner(office: Office) -> None:
    attempts(office, MONDAY - ATTEMPTS_KEPT - SECOND, MONDAY - ATTEMPTS_KEPT, MONDAY)
    assert forget_old(office.database, MONDAY) == 1
    with office.database.read() as session:
        assert session.scalars(select(SignIn.at).order_by(SignIn.at)).all() == [MONDAY - ATTEMPTS_KEPT, MONDAY]


def test_whoever_is_throttled_stays_throttled(office: Office) -> None:
    attempts(office, *(MONDAY - timedelta(seconds=number) for number in range(9)))
    attempts(office, *(MONDAY - timedelta(days=100 + number) for number in range(9)))
    with office.database.read() as session:
        before = throttling.open_again_at(session, "nobody@agency.test", HERE.address, MONDAY)
    assert forget_old(office.database, MONDAY) == 9
    with office.database.read() as session:
        assert throttling.open_again_at(session, "nobody@agency.test", HERE.address, MONDAY) == before is not None


def test_a_user_s_last_sign_in_stays_however_long_ago(office: Office) -> None:
    years = [MONDAY - timedelta(days=365 * number) for number in (3, 2, 1)]
    attempts(office, *years, email="olga@agency.test", succeeded=True)
    attempts(office, *years, email="olga@agency.test")
    assert forget_old(office.database, MONDAY) == 5
    with office.database.read() as session:
        assert [(one.at, one.succeeded) for one in last_sign_ins(session, "olga@agency.test")] == [(years[-1], True)]


def test_a_session_goes_thirty_days_after_its_end_and_an_open_one_stays(office: Office) -> None:
    user_id = office.owner.user_id
    assert user_id is not None
    with office.database.write() as session:
        ended, open_one = (sessions.begin(session, user_id, HERE, MONDAY) for _ in range(2))
        sessions.end(session, sessions.digest(ended), MONDAY)
        sessions.begin(session, user_id, HERE, MONDAY - timedelta(days=90))  # nobody ended it: it was left open
    assert forget_old(office.database, MONDAY) == 1
    assert forget_old(office.database, MONDAY + SESSIONS_KEPT) == 0
    assert forget_old(office.database, MONDAY + SESSIONS_KEPT + SECOND) == 1
    with office.database.read() as session:
        assert session.scalars(select(UserSession.token_hash)).all() == [sessions.digest(open_one)]


def test_the_audit_keeps_every_sign_in_that_went_through(office: Office) -> None:
    for days in (300, 200):
        at = MONDAY - timedelta(days=days)
        assert isinstance(with_password(office.database, "olga@agency.test", PASSWORD, HERE, at), Welcome)
    assert forget_old(office.database, MONDAY) == 3  # one attempt, two sessions
    with office.database.read() as session:
        assert session.scalar(select(func.count()).where(Audit.what == "user.signed_in")) == 2


def test_a_round_is_bounded_and_the_next_goes_on(office: Office) -> None:
    most = old_sign_ins._MOST
    attempts(office, *(MONDAY - timedelta(days=91, seconds=number) for number in range(most + 700)))
    assert forget_old(office.database, MONDAY) == most
    assert forget_old(office.database, MONDAY) == 700
    assert count(office.database, SignIn) == 0
