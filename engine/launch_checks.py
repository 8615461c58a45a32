"""What speaks against launching a campaign, all of it at once, and whom the launch would leave out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from engine import dealing, linkedin_consent, linkedin_texts, steps
from engine.texts import STANDARD_FIELDS, BadText, fields_used
from storage.kinds import ActionKind, CampaignState, Channel, ImportState, LeadState, LinkedInState
from storage.tables import Campaign, Identity, Lead, LeadImport, Mailbox, Step

MOST_SHOWN = 100
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Where:
    """A lead and the row it came from."""

    lead_id: int
    row: int | None
    name: str


@dataclass(frozen=True, slots=True)
class LaunchProblem:
    """A sentence, and for what concerns leads how many and the first of them."""

    sentence: str
    count: int = 0
    leads: tuple[Where, ...] = ()


def campaign_problems(session: Session, campaign: Campaign, now: datetime) -> list[LaunchProblem]:
    """What must be put right first of the campaign itself, its steps and its accounts."""
    sequence = steps.steps_of(session, campaign.id)
    return [
        *_of_campaign(session, campaign, sequence),
        *_of_channels(session, campaign, sequence, now),
        *_of_texts(session, sequence),
    ]


def lead_problems(session: Session, campaign: Campaign, left_out: frozenset[int] = frozenset()) -> list[LaunchProblem]:
    """What must be put right first of its leads; those in `left_out` are not looked at."""
    return list(_of_leads(session, campaign, steps.steps_of(session, campaign.id), left_out))


def missing_fields(sequence: Sequence[Step]) -> dict[str, list[int]]:
    """Each field that some step uses without a fallback → the positions of those steps. Unusable texts have none."""
    needed: dict[str, list[int]] = {}
    for step in sequence:
        try:
            used = steps.fields_of_step(step)
        except BadText:
            continue
        for field in used:
            if not field.has_fallback:
                needed.setdefault(field.name, []).append(step.position)
    return needed


def lacks(field: str) -> ColumnElement[bool]:
    """The condition "this lead has nothing in the field"."""
    return func.trim(func.coalesce(_value(field), "")) == ""


def breaks_subject(sequence: Sequence[Step]) -> ColumnElement[bool] | None:
    """The condition "a field that a subject uses has a line break", if subjects use further columns at all."""
    names: set[str] = set()
    for step in sequence:
        try:
            names.update(field.name for field in fields_used(step.subject) if field.name not in STANDARD_FIELDS)
        except BadText:
            continue
    if not names:
        return None
    return or_(*[or_(_value(name).contains("\n"), _value(name).contains("\r")) for name in sorted(names)])


def _value(field: str) -> ColumnElement[str]:
    column: ColumnElement[str] = getattr(Lead, field) if field in STANDARD_FIELDS else Lead.fields[field].as_string()
    return column


def _of_campaign(session: Session, campaign: Campaign, sequence: Sequence[Step]) -> Iterator[LaunchProblem]:
    if campaign.state is not CampaignState.DRAFT:
        yield LaunchProblem(f"Only a draft can be launched. This campaign is {campaign.state}.")
    if session.get_one(Identity, campaign.identity_id).archived_at is not None:
        yield LaunchProblem("The campaign's identity is archived. Bring it back first.")
    if not sequence:
        yield LaunchProblem("The campaign has no steps. Add one.")
    going_on = (ImportState.WAITING, ImportState.RUNNING)
    if session.scalar(
        select(LeadImport.id).where(LeadImport.campaign_id == campaign.id, LeadImport.state.in_(going_on)).limit(1)
    ):
        yield LaunchProblem("An import is not done yet. Wait until all its rows are in.")


def idle_addresses(session: Session, campaign: Campaign, now: datetime) -> list[str]:
    """The addresses that are connected and yet send nothing, since their daily limit is 0."""
    able = dealing.able_mailboxes(session, campaign)
    sending = dealing.capacities(session, able, now)
    return [mailbox.address for mailbox in able if mailbox.id not in sending]


def _of_channels(session: Session, campaign: Campaign, sequence: Sequence[Step], now: datetime) -> Iterator[LaunchProblem]:
    if any(step.kind.channel is Channel.LINKEDIN for step in sequence):
        yield from _of_linkedin(session, campaign)
    if not any(step.kind is ActionKind.EMAIL for step in sequence):
        return
    able = dealing.able_mailboxes(session, campaign)
    if dealing.capacities(session, able, now):
        return
    if able:
        addresses = ", ".join(mailbox.address for mailbox in able[:_MOST_NAMED])
        more = f" and {len(able) - _MOST_NAMED} more" if len(able) > _MOST_NAMED else ""
        yield LaunchProblem(
            f"No mail can go out: the daily limit of {addresses}{more} is 0. Raise it under Email"
            f"{' or choose another inbox' if campaign.mailbox_id is not None else ''}."
        )
        return
    name = session.get_one(Identity, campaign.identity_id).name
    if campaign.mailbox_id is not None:
        address = session.get_one(Mailbox, campaign.mailbox_id).address
        yield LaunchProblem(
            f"{address} can't send now: it is paused or not connected. Reconnect it or choose another inbox."
        )
    else:
        yield LaunchProblem(f"{name} has no connected e-mail address that may send. Connect one under Email.")


def _of_linkedin(session: Session, campaign: Campaign) -> Iterator[LaunchProblem]:
    identity = session.get_one(Identity, campaign.identity_id)
    if identity.linkedin_state is not LinkedInState.CONNECTED:
        yield LaunchProblem(f"{identity.name}'s LinkedIn is not connected. Connect it under LinkedIn.")
    if not linkedin_consent.is_given(session, identity.id):
        yield LaunchProblem(f"The owner of {identity.name}'s LinkedIn account has not accepted the risk notice.")


def _of_texts(session: Session, sequence: Sequence[Step]) -> Iterator[LaunchProblem]:
    for step in sequence:
        for sentence in steps.problems_of(session, sequence, step):
            yield LaunchProblem(f"Step {step.position}: {sentence}")


def _of_leads(
    session: Session, campaign: Campaign, sequence: Sequence[Step], left_out: frozenset[int]
) -> Iterator[LaunchProblem]:
    if session.scalar(select(Lead.id).where(Lead.campaign_id == campaign.id).limit(1)) is None:
        yield LaunchProblem("The campaign has no leads. Import a CSV under Leads.")
        return
    conditions: list[tuple[str, ColumnElement[bool]]] = []
    if any(step.kind is ActionKind.EMAIL for step in sequence):
        conditions.append(("no e-mail address, which every e-mail step needs", Lead.email == ""))
    if any(step.kind.channel is Channel.LINKEDIN for step in sequence):
        nameless = and_(func.trim(Lead.first_name) == "", func.trim(Lead.last_name) == "")
        conditions.append(("no LinkedIn URL, which every LinkedIn step needs", Lead.linkedin_url == ""))
        conditions.append(("no name, which is compared with the profile before anything is clicked", nameless))
    for field, positions in missing_fields(sequence).items():
        sentence = f"no “{field}”, which {_using(positions)} without a fallback"
        conditions.append((sentence, lacks(field) if field != "email" else Lead.email == ""))
    breaking = breaks_subject(sequence)
    if breaking is not None:
        conditions.append(("a line break in a field that a subject uses", breaking))
    for sentence, condition in conditions:
        found = _which(session, campaign.id, condition, left_out)
        if found:
            verb = "lead has" if len(found) == 1 else "leads have"
            yield LaunchProblem(f"{len(found):,} {verb} {sentence}.", len(found), tuple(found[:MOST_SHOWN]))
    for step in sequence:
        if step.kind.channel is Channel.LINKEDIN:
            yield from _too_long(session, campaign, step, left_out)


def _too_long(session: Session, campaign: Campaign, step: Step, left_out: frozenset[int]) -> Iterator[LaunchProblem]:
    """Fields are of different lengths: a note that fits Ada may not fit Maximiliane."""
    most = linkedin_texts.longest(session, campaign.identity_id, step.kind)
    if linkedin_texts.too_long(step.body, step.kind, most):
        return  # said of the step already
    over = linkedin_texts.exceeding(session, step, most)
    found = [Where(lead.id, lead.row_number, lead.name) for lead in over if lead.id not in left_out]
    if found:
        whom = "1 lead" if len(found) == 1 else f"{len(found):,} leads"
        said = f"For {whom} the text of step {step.position} is longer than {most:,} characters, this account's limit."
        yield LaunchProblem(said, len(found), tuple(found[:MOST_SHOWN]))


def _using(positions: list[int]) -> str:
    if len(positions) == 1:
        return f"step {positions[0]} uses"
    return f"steps {', '.join(map(str, positions[:-1]))} and {positions[-1]} use"


def _which(session: Session, campaign_id: int, condition: ColumnElement[bool], left_out: frozenset[int]) -> list[Where]:
    rows = session.execute(
        select(Lead.id, Lead.row_number, Lead.first_name, Lead.last_name, Lead.email, Lead.linkedin_url)
        .where(Lead.campaign_id == campaign_id, Lead.state == LeadState.NEW, condition)
        .order_by(Lead.id)
    )
    return [
        Where(row[0], row[1], f"{row[2]} {row[3]}".strip() or row[4] or row[5]) for row in rows if row[0] not in left_out
    ]
