"""The mail domains that a campaign would send from: red ones, for which a launch needs a reason, and those not known."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import dealing, domain_checks
from engine.desk import Desk, use_case
from engine.networks import is_practice
from storage.kinds import ActionKind, Permission
from storage.tables import Campaign, Step

LEAST_REASON = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A domain and what is wrong with it, or why it is not known."""

    domain: str
    note: str


@dataclass(frozen=True, slots=True)
class Domains:
    red: tuple[Judged, ...] = ()
    unsure: tuple[Judged, ...] = ()


NOT_RED = Domains()


@use_case(needs=Permission.READ, reads=True)
def to_check(desk: Desk, campaign_id: int) -> tuple[str, ...]:
    """The domains to look up before the launch is judged: those never looked up, and those that nobody could tell of.

    None in a practice workspace: its domains are nobody's, and nothing is to leave the computer.
    """
    if is_practice(desk.session):
        return ()
    campaign = desk.session.get_one(Campaign, campaign_id)
    checks = {domain: domain_checks.check_of(desk.session, f"@{domain}") for domain in _of(desk.session, campaign)}
    return tuple(domain for domain, check in checks.items() if check is None or check.is_unknown)


def judged(session: Session, campaign: Campaign) -> Domains:
    """By the last look at each domain; one never looked up is not known, never good."""
    if is_practice(session):
        return Domains()
    red, unsure = [], []
    for domain in _of(session, campaign):
        check = domain_checks.check_of(session, f"@{domain}")
        if check is None:
            unsure.append(Judged(domain, "Its records have not been looked up yet."))
        elif check.is_red:
            red.append(Judged(domain, check.note))
        elif check.is_unknown:
            unsure.append(Judged(domain, "Not all of its records could be looked up, which says nothing about them."))
    return Domains(tuple(red), tuple(unsure))


def refusal(domains: Domains, despite: str) -> str:
    """Why the launch needs more than it was given; empty when it may go on."""
    if not domains.red or len(despite.strip()) >= LEAST_REASON:
        return ""
    told = " ".join(f"{each.domain} is not fit to send from: {each.note}" for each in domains.red)
    return f"{told} Put it right, or say why to launch all the same."


def _of(session: Session, campaign: Campaign) -> list[str]:
    mails = select(Step.id).where(Step.campaign_id == campaign.id, Step.kind == ActionKind.EMAIL)
    if session.scalar(mails.limit(1)) is None:
        return []
    able = dealing.able_mailboxes(session, campaign)
    return sorted({domain_checks.domain_of(mailbox.address) for mailbox in able})
