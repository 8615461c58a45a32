"""Sign-ins at LinkedIn held open by the worker: each in a thread of its own, asking through the database.

A browser that died with its worker can't be taken up again, so such a sign-in ends and says so. No transaction is open
while a page is.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import linkedin_accounts, linkedin_sign_ins, logs
from engine.channels.linkedin.outcomes import (
    Answer,
    ApproveInApp,
    Asked,
    Blocked,
    BlockedKind,
    Captcha,
    CodeAsked,
    CodeGiven,
    ContractChosen,
    LinkedIn,
    NotDone,
    Resend,
    SignedIn,
    SignInEnd,
    TimedOut,
    Unknown,
    WrongCredentials,
)
from engine.channels.linkedin.sitting import Stop
from engine.installation import Outpost
from storage.kinds import LinkedInSignInState, LinkedInState
from storage.tables import Identity, LinkedInSignIn
from storage.vault import Vault

Now = Callable[[], datetime]
_MOST_AT_ONCE = 3
_log = logs.logger("worker")
_LOST = "The worker was restarted meanwhile, and the browser with it; start the sign-in again."
_NOBODY = "Nobody answered in ten minutes, so the page was closed; start the sign-in again."
_UNEXPECTED = "It failed unexpectedly; start it again."
_DO_ELSEWHERE = linkedin_accounts.DO_NEXT[LinkedInState.CAPTCHA]
_STATES = {
    CodeAsked: (LinkedInSignInState.CODE, LinkedInState.CODE_NEEDED),
    ApproveInApp: (LinkedInSignInState.APPROVE, LinkedInState.APPROVE_IN_APP),
}


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    identity_id: int
    email: str
    password: str = field(repr=False)
    seconds: float


@dataclass(slots=True)
class SignIns:
    """The worker's sign-ins; `attend` is called again and again and returns at once."""

    outpost: Outpost
    driver: LinkedIn
    holder: str
    now: Now
    alone: bool = True  # no other worker can be alive
    _threads: list[threading.Thread] = field(default_factory=list)

    def attend(self) -> None:
        now = self.now()
        with self.outpost.database.read() as session:
            if not _open_ones(session):
                return
        with self.outpost.database.write() as session:
            _end_what_is_over(session, self.holder if self.alone else None, now)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while len(self._threads) < _MOST_AT_ONCE and (claimed := self._claim(now)) is not None:
            thread = threading.Thread(target=self._run, args=(claimed,), name=f"sign-in-{claimed.id}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _claim(self, now: datetime) -> _Claimed | None:
        """Take a waiting sign-in; from this transaction on its password is in this process only."""
        with self.outpost.database.write() as session:
            waiting = select(LinkedInSignIn).where(
                LinkedInSignIn.state == LinkedInSignInState.WAITING, LinkedInSignIn.password.is_not(None)
            )
            row = session.scalar(waiting.order_by(LinkedInSignIn.id).limit(1))
            if row is None or row.password is None:
                return None
            password = self.outpost.vault.open(row.password, linkedin_sign_ins.place(row, "password"))
            row.password, row.holder, row.state = None, self.holder, LinkedInSignInState.WORKING
            return _Claimed(row.id, row.identity_id, row.email, password, (row.ends_at - now).total_seconds())

    def _run(self, claimed: _Claimed) -> None:
        try:
            asking = _Asking(self.outpost, claimed.id, self.now)
            ended = self.driver.sign_in(
                str(claimed.identity_id), claimed.email, claimed.password, asking.ask, claimed.seconds
            )
            with self.outpost.database.write() as session:
                _record(session, self.outpost.vault, claimed.id, ended, self.now())
        except Exception as error:
            _log.exception("linkedin.sign_in_failed", sign_in=claimed.id, problem=type(error).__name__)
            with self.outpost.database.write() as session:
                _close(session, claimed.id, LinkedInSignInState.FAILED, _UNEXPECTED, self.now())


@dataclass(slots=True)
class _Asking:
    """One sign-in's questions, each written down once, and the answers people give to them."""

    outpost: Outpost
    sign_in_id: int
    now: Now
    shown: Asked | None = None

    def ask(self, asked: Asked, seconds: float) -> Answer | None:
        if asked == self.shown:
            with self.outpost.database.read() as session:
                row = session.get_one(LinkedInSignIn, self.sign_in_id)
                if row.answer is None and row.ended_at is None:
                    return None
        with self.outpost.database.write() as session:
            row = session.get_one(LinkedInSignIn, self.sign_in_id)
            if row.ended_at is not None:
                raise Stop(NotDone(row.note))
            if asked != self.shown:
                _show(session, row, asked, self.now())
                self.shown = asked
            return _take_answer(row, self.outpost.vault, self)


def _take_answer(row: LinkedInSignIn, vault: Vault, asking: _Asking) -> Answer | None:
    if row.answer is None:
        return None
    given: dict[str, str] = json.loads(vault.open(row.answer, linkedin_sign_ins.place(row, "answer")))
    row.answer, row.state = None, LinkedInSignInState.WORKING
    asking.shown = None  # the same question asked again is a new one: the answer before was not taken
    if given["what"] == "code":
        return CodeGiven(given["value"])
    return Resend() if given["what"] == "resend" else ContractChosen(given["value"])


def _show(session: Session, row: LinkedInSignIn, asked: Asked, now: datetime) -> None:
    state, stands = _STATES.get(type(asked), (LinkedInSignInState.CONTRACT, LinkedInState.CODE_NEEDED))
    before = row.asked.get("before") or session.get_one(Identity, row.identity_id).linkedin_state.value
    row.state, row.asked, row.answer = state, {**_said(asked), "before": before}, None
    row.asked_number += 1
    linkedin_accounts.stand(session, row.identity_id, stands, "", now)


def _said(asked: Asked) -> dict[str, Any]:
    if isinstance(asked, CodeAsked):
        return {"kind": asked.kind.value, "hint": asked.hint, "error": asked.error}
    return {} if isinstance(asked, ApproveInApp) else {"options": list(asked.options)}


def _open_ones(session: Session) -> bool:
    return session.scalar(select(LinkedInSignIn.id).where(LinkedInSignIn.ended_at.is_(None)).limit(1)) is not None


def _end_what_is_over(session: Session, holder: str | None, now: datetime) -> None:
    """`holder` is None where another worker may hold a sign-in open: then only its time ends one."""
    for row in session.scalars(select(LinkedInSignIn).where(LinkedInSignIn.ended_at.is_(None))):
        if holder is not None and row.holder not in (None, holder):
            _close(session, row.id, LinkedInSignInState.FAILED, _LOST, now)
        elif row.ends_at <= now:
            _close(session, row.id, LinkedInSignInState.TIMED_OUT, _NOBODY, now)


def _record(session: Session, vault: Vault, sign_in_id: int, ended: SignInEnd, now: datetime) -> None:
    row = session.get_one(LinkedInSignIn, sign_in_id)
    if row.ended_at is not None:
        return
    if not isinstance(ended, SignedIn):
        _record_end(session, row, ended, now)
        return
    identity = session.get_one(Identity, row.identity_id)
    if why := linkedin_accounts.refusal(session, identity, ended.profile):
        _close(session, row.id, LinkedInSignInState.OTHER_PROFILE, why, now)
        return
    linkedin_accounts.connect(session, vault, row.identity_id, row.email, ended.profile, ended.storage_state, now)
    linkedin_sign_ins.close(row, LinkedInSignInState.DONE, "", now)


def _record_end(session: Session, row: LinkedInSignIn, ended: SignInEnd, now: datetime) -> None:
    if isinstance(ended, Captcha | Unknown):
        row.picture = ended.picture
        kind = LinkedInSignInState.CAPTCHA if isinstance(ended, Captcha) else LinkedInSignInState.UNKNOWN_CHECK
        linkedin_sign_ins.close(row, kind, _DO_ELSEWHERE, now)
        linkedin_accounts.stand(session, row.identity_id, LinkedInState.CAPTCHA, "", now)
    elif isinstance(ended, Blocked) and ended.kind is BlockedKind.RESTRICTED:
        linkedin_sign_ins.close(row, LinkedInSignInState.FAILED, ended.note, now)
        linkedin_accounts.stand(session, row.identity_id, LinkedInState.RESTRICTED, ended.note, now)
    elif isinstance(ended, WrongCredentials):
        note = f"LinkedIn refused the sign-in: {ended.note or 'wrong e-mail or password'} Nothing is tried again by itself."
        _close(session, row.id, LinkedInSignInState.WRONG_CREDENTIALS, note, now)
    elif isinstance(ended, TimedOut):
        _close(session, row.id, LinkedInSignInState.TIMED_OUT, _NOBODY, now)
    else:
        _close(session, row.id, LinkedInSignInState.FAILED, getattr(ended, "note", "") or "It did not go through.", now)


def _close(session: Session, sign_in_id: int, state: LinkedInSignInState, note: str, now: datetime) -> None:
    row = session.get_one(LinkedInSignIn, sign_in_id)
    if row.ended_at is None:
        linkedin_sign_ins.close(row, state, note, now)
        linkedin_sign_ins.restore_state(session, row, now)
