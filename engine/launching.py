"""Launching a campaign: everything that speaks against it in one list, then its leads begin chunk by chunk.

From the launch on this holds: a lead that is `new` in a running campaign is still to begin. So the page and the worker
may take turns, either may die, leads imported later begin the same way, and nobody begins twice: a lead's beginning and
its leaving `new` are one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from engine import launch_checks, launch_domains, sequence, steps, warm_up_locks
from engine.campaigns import dealt_counts
from engine.dealing import able_mailboxes, capacities, deal
from engine.desk import Desk, Problem, use_case
from engine.launch_checks import LaunchProblem, Where
from engine.launch_domains import NOT_RED, Domains
from engine.people_elsewhere import Elsewhere, written_to_elsewhere
from engine.pieces import paced
from engine.suppressions import suppressed_leads
from storage.database import Database
from storage.kinds import ActionKind, CampaignState, Channel, LeadState, Permission, Reason
from storage.tables import Campaign, Lead

CHUNK = 1_000
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Leads that the launch leaves out, why, and the first of them."""

    why: str
    count: int
    leads: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What a launch would do: nothing while there are problems."""

    problems: tuple[LaunchProblem, ...]
    left_out: tuple[LeftOut, ...]
    begins: int
    idle: tuple[str, ...] = ()  # addresses that are connected and get no leads, since their daily limit is 0
    domains: Domains = NOT_RED  # a red one is no problem that ends it, but asks for a reason
    mark: tuple[int, int] = (0, 0)  # the campaign's version and how many leads are to begin: what the leads were checked by

    @property
    def may_launch(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Begun:
    """How far the leads' beginning is."""

    begun: int
    remaining: int


@use_case(needs=Permission.READ, reads=True)
def review(desk: Desk, campaign_id: int) -> Review:
    """All that is to be put right before the launch, and whom it leaves out."""
    return _review(desk, campaign_id)


@use_case(needs=Permission.MANAGE)
def launch(desk: Desk, campaign_id: int, despite: str = "", found: Review | None = None) -> int:
    """Set a draft running when nothing speaks against it; says how many leads will begin, by `begin_more` or the worker.

    `found` is what `review` said a moment before: checking fifty thousand leads takes a second, in which nobody else could
    write. Without it they are checked here. Whoever is suppressed or written to meanwhile is left out when its turn comes.
    From a mail domain that is red only `despite` it, in words that the audit log keeps with who said them.
    """
    found = _review(desk, campaign_id) if found is None else _still(desk, campaign_id, found)
    if found.problems:
        raise Problem("The campaign was not launched. " + " ".join(each.sentence for each in found.problems))
    if refusal := launch_domains.refusal(found.domains, despite):
        raise Problem(f"The campaign was not launched. {refusal}")
    campaign = desk.session.get_one(Campaign, campaign_id)
    campaign.state = CampaignState.RUNNING
    campaign.launched_at = desk.now
    campaign.version += 1
    desk.audit(
        "campaign.launched",
        f"campaign:{campaign_id}",
        old={"state": "draft"},
        new={
            "state": "running",
            "leads": found.begins,
            "left_out": sum(each.count for each in found.left_out),
            **_overridden(found.domains, despite),
        },
        identity_id=campaign.identity_id,
    )
    return found.begins


def _overridden(domains: Domains, despite: str) -> dict[str, object]:
    if not domains.red:
        return {}
    return {"red_domains": {each.domain: each.note for each in domains.red}, "despite": despite.strip()}


@use_case(needs=Permission.MANAGE)
def begin_more(desk: Desk, campaign_id: int) -> Begun:
    """Begin the next chunk of a running campaign's leads."""
    return _begin_chunk(desk.session, campaign_id, desk.now)


def launches_waiting(session: Session) -> list[int]:
    """The running campaigns that have leads still to begin."""
    still_new = exists().where(Lead.campaign_id == Campaign.id, Lead.state == LeadState.NEW)
    running = select(Campaign.id).where(Campaign.state == CampaignState.RUNNING, still_new)
    return list(session.scalars(running.order_by(Campaign.id)).all())


def continue_launch(database: Database, campaign_id: int, now: datetime) -> None:
    """Begin all leads of a running campaign that are still to begin, a transaction a chunk; for the worker."""
    paced(
        lambda: database.do(lambda session: _begin_chunk(session, campaign_id, now)),
        lambda done: done.remaining > 0 and done.begun > 0,
    )


def _review(desk: Desk, campaign_id: int) -> Review:
    campaign = desk.session.get_one(Campaign, campaign_id)
    waiting = _new_leads(desk.session, campaign_id)
    suppressed = suppressed_leads(desk.session, waiting)
    elsewhere = written_to_elsewhere(desk.session, campaign_id, [each for each in waiting if each not in suppressed])
    out = frozenset(suppressed | elsewhere.keys())
    problems = _of_campaign(desk, campaign)
    problems += launch_checks.lead_problems(desk.session, campaign, out)
    if waiting and len(out) == len(waiting):
        problems.append(LaunchProblem("Every lead would be left out, so nobody would be written to."))
    return Review(
        tuple(problems),
        tuple(_left_out(desk, suppressed, elsewhere)),
        len(waiting) - len(out),
        () if problems else tuple(launch_checks.idle_addresses(desk.session, campaign, desk.now)),
        launch_domains.judged(desk.session, campaign),
        (campaign.version, len(waiting)),
    )


def _of_campaign(desk: Desk, campaign: Campaign) -> list[LaunchProblem]:
    """All but what its leads lack; it takes the same moment however many they are."""
    problems = launch_checks.campaign_problems(desk.session, campaign, desk.now)
    held = warm_up_locks.refusal(desk.session, campaign.identity_id, "launched", desk.now)
    return [LaunchProblem(held), *problems] if held else problems


def _still(desk: Desk, campaign_id: int, found: Review) -> Review:
    """What was found of the leads, with what is to be said of the campaign now; Problem when the leads are others now."""
    campaign = desk.session.get_one(Campaign, campaign_id, with_for_update=True)
    problems = tuple(_of_campaign(desk, campaign)) or found.problems
    if not problems and found.mark != (campaign.version, _count_new(desk.session, campaign_id)):
        raise Problem("The campaign changed while its leads were checked, so it was not launched. Look at it once more.")
    return replace(found, problems=problems, domains=launch_domains.judged(desk.session, campaign))


def _begin_chunk(session: Session, campaign_id: int, now: datetime) -> Begun:
    """`begun` counts the leads that left `new`; 0 with some remaining means that no address may take them now."""
    campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
    if campaign.state is not CampaignState.RUNNING:
        return Begun(0, 0)
    chunk = _new_leads(session, campaign_id, CHUNK)
    ready = _leave_out(session, campaign, chunk, now)
    dealt = _deal(session, campaign, ready, now)
    if dealt:
        sequence.begin(session, campaign_id, ready, now)
    elif ready:
        return Begun(len(chunk) - len(ready), _count_new(session, campaign_id))
    remaining = _count_new(session, campaign_id)
    if not remaining:
        _finish_when_empty(session, campaign, now)
    return Begun(len(chunk), remaining)


def _leave_out(session: Session, campaign: Campaign, lead_ids: Sequence[int], now: datetime) -> list[int]:
    """Leave out whom nobody may write to, whom another campaign writes to, and who lacks something; answers the others."""
    suppressed = suppressed_leads(session, lead_ids)
    elsewhere = written_to_elsewhere(session, campaign.id, lead_ids).keys() - suppressed
    lacking = _lacking(session, campaign, lead_ids) - suppressed - elsewhere
    for reason, ids in (
        (Reason.SUPPRESSED, suppressed),
        (Reason.WRITTEN_TO_ELSEWHERE, elsewhere),
        (Reason.MISSING_FIELD, lacking),
    ):
        change = {"state": LeadState.LEFT_OUT, "state_reason": reason, "state_since": now}
        if ids:
            session.execute(update(Lead), [{"id": each, **change} for each in ids])
    out = suppressed | elsewhere | lacking
    return [each for each in lead_ids if each not in out]


def _lacking(session: Session, campaign: Campaign, lead_ids: Sequence[int]) -> set[int]:
    """Leads that came after the launch and lack what the launch would have asked of them."""
    if not lead_ids:
        return set()
    sequence_of = steps.steps_of(session, campaign.id)
    lacks = [launch_checks.lacks(field) for field in launch_checks.missing_fields(sequence_of)]
    if any(step.kind is ActionKind.EMAIL for step in sequence_of):
        lacks.append(Lead.email == "")
    if any(step.kind.channel is Channel.LINKEDIN for step in sequence_of):
        lacks.append(Lead.linkedin_url == "")
    breaking = launch_checks.breaks_subject(sequence_of)
    if breaking is not None:
        lacks.append(breaking)
    if not lacks:
        return set()
    between = Lead.id.between(min(lead_ids), max(lead_ids))
    return set(session.scalars(select(Lead.id).where(Lead.campaign_id == campaign.id, between, or_(*lacks))))


def _deal(session: Session, campaign: Campaign, lead_ids: Sequence[int], now: datetime) -> bool:
    """Give each lead its address for good; False when no address may take any now."""
    if all(step.kind is not ActionKind.EMAIL for step in steps.steps_of(session, campaign.id)):
        return bool(lead_ids)
    capacity = capacities(session, able_mailboxes(session, campaign), now)
    if not capacity or not lead_ids:
        return False
    has = dealt_counts(session, campaign.id)
    cards = deal(len(lead_ids), {each: has.get(each, 0) for each in capacity}, capacity)
    session.execute(update(Lead), [{"id": lead, "mailbox_id": card} for lead, card in zip(lead_ids, cards, strict=True)])
    return True


def _finish_when_empty(session: Session, campaign: Campaign, now: datetime) -> None:
    session.flush()
    sequence.finish_if_done(session, campaign.id, now)
    session.refresh(campaign)


def _new_leads(session: Session, campaign_id: int, most: int | None = None) -> list[int]:
    waiting = select(Lead.id).where(Lead.campaign_id == campaign_id, Lead.state == LeadState.NEW)
    return list(session.scalars(waiting.order_by(Lead.id).limit(most)).all())


def _count_new(session: Session, campaign_id: int) -> int:
    waiting = select(func.count()).where(Lead.campaign_id == campaign_id, Lead.state == LeadState.NEW)
    return session.scalar(waiting) or 0


def _left_out(desk: Desk, suppressed: set[int], elsewhere: dict[int, Elsewhere]) -> list[LeftOut]:
    groups: dict[str, list[int]] = {}
    if suppressed:
        groups["On the suppression list"] = sorted(suppressed)
    access = desk.access()
    for lead_id, where in elsewhere.items():
        visible = access is not None and (access.identity_ids is None or where.identity_id in access.identity_ids)
        named = where.workspace_id == desk.workspace and visible
        why = f"Campaign “{where.campaign_name}” is writing to them" if named else "Somebody else is writing to them"
        groups.setdefault(why, []).append(lead_id)
    return [LeftOut(why, len(ids), _where(desk.session, ids[:_SHOWN])) for why, ids in groups.items()]


def _where(session: Session, lead_ids: Sequence[int]) -> tuple[Where, ...]:
    rows = session.scalars(select(Lead).where(Lead.id.in_(lead_ids)).order_by(Lead.id))
    return tuple(Where(lead.id, lead.row_number, lead.name) for lead in rows)
