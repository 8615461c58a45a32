"""What starting and stopping would do, said before it is done: campaigns, plan, end, partners, cost, what is in the way."""

from dataclasses import dataclass
from datetime import date

from engine import situations, warm_up_holds, warm_up_locks, warm_up_pool, warm_up_refusals
from engine.desk import Desk, Problem, use_case
from engine.domain_checks import check_of
from engine.rules import warm_up as rules
from engine.rules.warm_up import Ramp
from engine.warm_up_pool import Pool
from storage.kinds import Permission
from storage.tables import Mailbox

FORBIDDEN = (
    "While it runs, campaigns of this identity can't be launched or resumed, and nothing else is sent from this address."
)
FORBIDDEN_TO_MANY = (
    "While they run, campaigns of these identities can't be launched or resumed, and nothing else is sent from these"
    " addresses."
)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What starting would do, and why it can't be (`refusal` empty: it can)."""

    mailbox_id: int
    address: str
    campaigns: tuple[str, ...]
    refusal: str
    domain_warning: str  # it starts only with a person's reason
    is_checked: bool  # its domain was looked up
    ramp: Ramp
    planned_end: date | None
    price_cents: int
    pool: Pool

    @property
    def in_the_way(self) -> str:
        """Of a start without a reason, as one of many is."""
        return self.refusal or self.domain_warning

    @property
    def plan(self) -> str:
        end = f", planned until {self.planned_end:%A %-d %B %Y}" if self.planned_end else ""
        return (
            f"About {self.ramp.first} mails on the first day, {self.ramp.rise} more each day, at most {self.ramp.most},"
            f" spread over the identity's working hours, for {rules.DAYS} working days{end}."
        )

    @property
    def button(self) -> str:
        number = len(self.campaigns)
        if not number:
            return "Start warm-up"
        return f"Pause {number} campaign{'s' if number > 1 else ''} and start"


@dataclass(frozen=True, slots=True)
class Undoing:
    """What stopping would do: the campaigns that come back, and those that stay with the reason."""

    mailbox_id: int
    address: str
    resumes: tuple[str, ...]
    stays: tuple[tuple[str, str], ...]


@use_case(needs=Permission.MANAGE, reads=True)
def rehearse_start(desk: Desk, mailbox_id: int) -> Rehearsal:
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    names = tuple(campaign.name for campaign in warm_up_holds.running_campaigns(desk.session, mailbox.identity_id))
    pace = warm_up_pool.pace_of(desk.session, mailbox.workspace_id)
    hours = situations.working_hours(desk.session, [mailbox.identity_id], desk.now)[mailbox.identity_id]
    return Rehearsal(
        mailbox.id,
        mailbox.address,
        names,
        warm_up_refusals.refusal(desk.session, mailbox),
        warm_up_refusals.domain_warning(desk.session, mailbox),
        check_of(desk.session, mailbox.address) is not None,
        rules.RAMPS[pace.holds],
        rules.last_day(hours, desk.now, 0, False),
        warm_up_pool.policy_of(desk.session).price_cents,
        warm_up_pool.pool_of(desk, mailbox),
    )


@use_case(needs=Permission.MANAGE, reads=True)
def rehearse_start_many(desk: Desk, mailbox_ids: tuple[int, ...]) -> tuple[Rehearsal, ...]:
    """What starting each would do; ids out of reach are left out here and refused when they are started."""
    found = []
    for mailbox_id in dict.fromkeys(mailbox_ids):
        try:
            found.append(rehearse_start(desk, mailbox_id=mailbox_id))
        except Problem:
            continue
    return tuple(found)


@use_case(needs=Permission.MANAGE, reads=True)
def rehearse_stop(desk: Desk, mailbox_id: int, together_with: tuple[int, ...] = ()) -> Undoing:
    """`together_with` are addresses that are stopped at the same time: none of them keeps a campaign paused."""
    mailbox, warm_up = warm_up_refusals.running_on(desk.session, mailbox_id)
    held = warm_up_holds.held(desk.session, warm_up)
    heir = warm_up_locks.other_running(desk.session, mailbox, together_with)
    if heir:
        stays = tuple((campaign.name, f"{heir} of this identity still warms up and keeps it paused") for _, campaign in held)
        return Undoing(mailbox.id, mailbox.address, (), stays)
    resumes = tuple(campaign.name for row, campaign in held if warm_up_holds.as_left(row, campaign))
    left = [campaign for row, campaign in held if not warm_up_holds.as_left(row, campaign)]
    stays = tuple((campaign.name, warm_up_holds.why_it_stays(campaign)) for campaign in left)
    return Undoing(mailbox.id, mailbox.address, resumes, stays)


@use_case(needs=Permission.MANAGE, reads=True)
def rehearse_stop_many(desk: Desk, mailbox_ids: tuple[int, ...]) -> tuple[Undoing, ...]:
    found = []
    for mailbox_id in dict.fromkeys(mailbox_ids):
        try:
            found.append(rehearse_stop(desk, mailbox_id=mailbox_id, together_with=mailbox_ids))
        except Problem:
            continue
    return tuple(found)
