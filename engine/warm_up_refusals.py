"""Why a warm-up can't start or go on, in a sentence; and the one that runs on an address."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import warm_up_pool
from engine.desk import Problem
from engine.domain_checks import check_of, domain_of
from engine.networks import is_practice
from storage.tables import Mailbox, WarmUp


def running_on(session: Session, mailbox_id: int) -> tuple[Mailbox, WarmUp]:
    mailbox = session.get_one(Mailbox, mailbox_id)
    warm_up = session.scalar(select(WarmUp).where(WarmUp.mailbox_id == mailbox_id, WarmUp.stopped_at.is_(None)))
    if warm_up is None:
        raise Problem(f"{mailbox.address} is not warming up.")
    return mailbox, warm_up


def refusal(session: Session, mailbox: Mailbox) -> str:
    obstacle = connection_refusal(mailbox)
    if obstacle:
        return obstacle
    if session.scalar(select(WarmUp.id).where(WarmUp.mailbox_id == mailbox.id, WarmUp.stopped_at.is_(None))):
        return f"{mailbox.address} is warming up already."
    if not warm_up_pool.takes_part(session, mailbox.id):
        return f"{mailbox.address} was switched out of the warm-up pool; switch it in first, on its card."
    number = warm_up_pool.number_of_others(session, mailbox)
    if number < warm_up_pool.LEAST_OTHERS:
        there = "no other address takes part" if not number else "only 1 other address takes part"
        return f"Warm-up mail goes between at least three addresses, and {there}. Connect {2 - number} more first."
    return ""


def domain_warning(session: Session, mailbox: Mailbox) -> str:
    """Why its domain is not known to be fit for warm-up; a person may start all the same, with a reason.

    A domain that was never looked up may be red, so it waits for its first check. In practice none is looked up.
    """
    check = check_of(session, mailbox.address)
    if check is None:
        return "" if is_practice(session) else _unchecked(mailbox.address)
    return check.note if check.is_red else ""


def domain_refusal(mailbox: Mailbox, warning: str) -> str:
    if warning == _unchecked(mailbox.address):
        return f"{warning} Start it then, or give a reason to start it now."
    return f"The domain of {mailbox.address} is not ready: {warning} Put that right, or give a reason to start it now."


def _unchecked(address: str) -> str:
    return f"The domain {domain_of(address)} has not been checked yet; the worker looks it up within a minute."


def connection_refusal(mailbox: Mailbox) -> str:
    if mailbox.removed_at is not None or not mailbox.state.may_send:
        return f"{mailbox.address} is not connected; connect it first, then start its warm-up."
    if mailbox.paused_at is not None:
        return f"{mailbox.address} is paused; resume the address first."
    return ""
