"""Signing in: right and wrong, throttled, with a code, and alike for an address that no user has."""

import threading
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from engine import accounts, passwords, sessions, sign_in, throttling
from engine.accounts import Mine
from engine.sessions import Browser
from engine.sign_in import CodeOwed, Refused, Welcome
from storage.tables import Audit, SignIn, User, UserSession
from tests.makers import MONDAY
from tests.people.conftest import HERE, PASSWORD, Office

SECOND = timedelta(seconds=1)


def attempt(office: Office, password: str = PASSWORD, email: str = "olga@agency.test", now=MONDAY, browser=HERE):  # type: ignore[no-untyped-def]
    return sign_in.with_password(office.database, email, password, browser, now)


def test_the_right_password_signs_in_and_is_written_down(office: Office) -> None:
    answer = attempt(office, email=" Olga@Agency.test ")
    assert isinstance(answer, Welcome)
    with office.database.read() as session:
        who = sessions.find(session, answer.token, MONDAY)
        assert who is not None
        assert who.email == "olga@agency.test"
        line = session.scalars(select(SignIn)).one()
        assert (line.succeeded, line.user_id, line.address) == (True, office.owner.user_id, HERE.address)
        assert session.scalars(select(Audit.what)).all() == ["user.signed_in"]


def test_the_token_has_256_bits_and_only_its_hash_is_kept(office: Office) -> None:
    answer = attempt(office)
    assert isinstance(answer, Welcome)
    assert len(answer.token) >= 43  # 32 bytes in base64
    with office.database.read() as session:
        kept = session.scalars(select(UserSession.token_hash)).one()
    assert kept == sessions.digest(answer.token)
    assert answer.token not in kept


@pytest.mark.parametrize("email", ["olga@agency.test", "nobody@agency.test", "", "' OR 1=1 --", "x" * 5000])
def test_wrong_and_unknown_get_the_same_answer(office: Office, email: str) -> None:
    assert attempt(office, "wrong horse battery", email) == Refused(sign_in.WRONG)


def test_a_password_that_is_changed_while_it_is_proved_signs_nobody_in(office: Office) -> None:
    with office.database.write() as session:
        known = session.scalars(select(User).where(User.email == "olga@agency.test")).one()
        tried = sign_in._note(session, known.email, HERE, MONDAY)
    with office.database.write() as session:
        session.get_one(User, known.id).password_hash = passwords.hashed("another long password")
    assert isinstance(sign_in._let_in(office.database, known, PASSWORD, tried, HERE, MONDAY), Refused)


def test_an_unknown_user_costs_the_same_computation(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []
    really = passwords._hasher.verify

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            computed.append(kept.split("$")[1:4].__repr__())
            return really(kept, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    attempt(office, "wrong horse battery", "nobody@agency.test")
    attempt(office, "wrong horse battery", "olga@agency.test")
    assert len(computed) == 2
    assert computed[0] == computed[1]  # the same algorithm at the same cost


def test_a_disabled_user_is_answered_like_an_unknown_one(office: Office) -> None:
    with office.database.write() as session:
        session.get_one(User, office.owner.user_id).disabled_at = MONDAY
    assert attempt(office) == Refused(sign_in.WRONG)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (11, 900), (500, 900)],
)
def test_an_account_is_slowed_down_by_failures_in_a_row(failures: int, seconds: int) -> None:
    assert throttling.account_delay(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (19, 0), (20, 30), (24, 30), (25, 60), (30, 120), (45, 900), (5000, 900)]
)
def test_an_address_is_slowed_down_later(failures: int, seconds: int) -> None:
    assert throttling.address_delay(failures) == timedelta(seconds=seconds)


def test_after_five_failures_even_the_right_password_waits_and_then_signs_in(office: Office) -> None:
    for _ in range(5):
        assert attempt(office, "wrong horse battery") == Refused(sign_in.WRONG)
    refused = attempt(office, now=MONDAY + 29 * SECOND)
    assert isinstance(refused, Refused)
    assert "Wait 1 seconds" in refused.why or "Too many attempts" in refused.why
    assert isinstance(attempt(office, now=MONDAY + 30 * SECOND), Welcome)


def test_a_throttled_attempt_does_not_lengthen_the_wait(office: Office) -> None:
    for _ in range(5):
        attempt(office, "wrong horse battery")
    for second in range(1, 30):
        assert isinstance(attempt(office, now=MONDAY + second * SECOND), Refused)
    assert isinstance(attempt(office, now=MONDAY + 30 * SECOND), Welcome)


def test_one_address_that_tries_many_accounts_is_slowed_down_and_others_are_not(office: Office) -> None:
    for number in range(20):
        attempt(office, "wrong horse battery", f"user{number}@guess.test")
    refused = attempt(office)
    assert isinstance(refused, Refused)
    assert "Too many attempts" in refused.why
    assert isinstance(attempt(office, browser=Browser("198.51.100.9", "")), Welcome)


def test_twenty_attempts_at_once_don_t_slip_past_the_throttle(office: Office) -> None:
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(attempt(office, "wrong horse battery"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(Refused(sign_in.WRONG)) == 5


def mine(office: Office, token_hash: str = "") -> Mine:
    assert office.owner.user_id is not None
    return Mine(office.database, office.vault, office.owner.user_id, token_hash, MONDAY)


def with_authenticator(office: Office) -> pyotp.TOTP:
    accounts.set_up_code(mine(office))
    setup = accounts.look(mine(office)).setup
    assert setup is not None
    totp = pyotp.TOTP(setup.secret)
    accounts.confirm_code(mine(office), totp.at(MONDAY))
    return totp


def test_with_an_authenticator_the_password_alone_opens_nothing(office: Office) -> None:
    with_authenticator(office)
    owed = attempt(office)
    assert isinstance(owed, CodeOwed)
    with office.database.read() as session:
        assert sessions.find(session, owed.token, MONDAY) is None


def test_a_code_is_good_once(office: Office) -> None:
    totp = with_authenticator(office)
    later = MONDAY + timedelta(minutes=1)
    code = totp.at(later)

    def give(code: str) -> object:
        owed = attempt(office, now=later)
        assert isinstance(owed, CodeOwed)
        return sign_in.with_code(office.database, office.vault, owed.token, code, HERE, later)

    assert isinstance(give(code), Welcome)
    assert give(code) == Refused(sign_in.WRONG_CODE)
    assert give("000000" if code != "000000" else "111111") == Refused(sign_in.WRONG_CODE)


def test_the_code_that_confirmed_the_set_up_is_spent(office: Office) -> None:
    totp = with_authenticator(office)
    owed = attempt(office)
    assert isinstance(owed, CodeOwed)
    answer = sign_in.with_code(office.database, office.vault, owed.token, totp.at(MONDAY), HERE, MONDAY)
    assert answer == Refused(sign_in.WRONG_CODE)


def test_codes_are_throttled_like_passwords(office: Office) -> None:
    with_authenticator(office)
    owed = attempt(office)
    assert isinstance(owed, CodeOwed)
    answers = [sign_in.with_code(office.database, office.vault, owed.token, "12345", HERE, MONDAY) for _ in range(6)]
    assert answers[:5] == [Refused(sign_in.WRONG_CODE)] * 5
    assert isinstance(answers[5], Refused)
    assert "Too many attempts" in answers[5].why


def test_the_time_for_the_code_ends(office: Office) -> None:
    totp = with_authenticator(office)
    owed = attempt(office)
    assert isinstance(owed, CodeOwed)
    late = MONDAY + timedelta(minutes=5)
    answer = sign_in.with_code(office.database, office.vault, owed.token, totp.at(late), HERE, late)
    assert answer == Refused(sign_in.CODE_EXPIRED, again=False)


def test_the_secret_is_sealed_at_rest(office: Office) -> None:
    totp = with_authenticator(office)
    with office.database.read() as session:
        kept = session.get_one(User, office.owner.user_id).totp_secret
    assert kept is not None
    assert totp.secret.encode() not in kept
