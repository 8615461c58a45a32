"""The steps of a campaign: what is sent, after which wait; their texts stay as they are once a lead has got them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import linkedin_texts, step_channels, texts
from engine.desk import Desk, Problem, use_case
from engine.letters import Rendered, rendered
from storage.kinds import OPEN_STATES, ActionKind, ActionState, CampaignState, Channel, Permission
from storage.tables import Action, Campaign, Lead, Mailbox, Step

MOST_STEPS = 20
MOST_WAIT = 365 * 24 * 60
_LONGEST_SUBJECT = 500
_MOST_ACCEPTANCE = 180
STEP_KINDS = (ActionKind.EMAIL, *linkedin_texts.LINKEDIN_STEPS)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes into one step."""

    subject: str
    body: str
    body_html: str = ""
    wait_minutes: int = 0
    may_drop_note: bool = False  # of a connection request, when LinkedIn lets the account write no more notes
    acceptance_days: int = 30  # of a LinkedIn message: how long an acceptance is waited for


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as the editor shows it; `begun` counts the leads for which it left the plan."""

    id: int
    position: int
    kind: ActionKind
    draft: Draft
    planned: int
    begun: int
    problems: tuple[str, ...]
    fields: tuple[texts.Field, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A step's mail for one lead, or the sentence that says why there is none."""

    lead_name: str
    mail: Rendered | None
    problem: str


@use_case(needs=Permission.READ, reads=True)
def list_of(desk: Desk, campaign_id: int) -> tuple[StepView, ...]:
    """The campaign's steps in order."""
    counts = _counts(desk.session, campaign_id)
    sequence = steps_of(desk.session, campaign_id)
    return tuple(_view(desk.session, sequence, step, *counts.get(step.id, (0, 0))) for step in sequence)


@use_case(needs=Permission.MANAGE)
def add(desk: Desk, campaign_id: int, draft: Draft, kind: ActionKind = ActionKind.EMAIL) -> int:
    """Add a step at the end."""
    campaign = _draft_campaign(desk, campaign_id)
    before = steps_of(desk.session, campaign_id)
    if len(before) >= MOST_STEPS:
        raise Problem(f"A campaign has at most {MOST_STEPS} steps.")
    if kind not in STEP_KINDS:
        raise Problem("A campaign's step is an e-mail, a connection request or a LinkedIn message.")
    if lacking := step_channels.lacking(desk.session, campaign.identity_id, kind):
        raise Problem(lacking)
    _require_usable(draft)
    _require_short(desk.session, campaign, kind, draft)
    step = Step(campaign_id=campaign_id, position=len(before) + 1, kind=kind)
    _write(step, draft)
    desk.session.add(step)
    desk.session.flush()
    _audit(desk, campaign, "step.added", step, None, draft)
    return step.id


@use_case(needs=Permission.MANAGE)
def edit(desk: Desk, step_id: int, draft: Draft) -> None:
    """Change a step: all of it in a draft; once launched, its text until a lead got it, its wait until one waits."""
    step = desk.session.get_one(Step, step_id)
    campaign = desk.session.get_one(Campaign, step.campaign_id)
    old = draft_of(step)
    if draft == old:
        return
    _require_usable(draft)
    _require_short(desk.session, campaign, step.kind, draft)
    _require_editable(desk.session, campaign, step, wait_changes=draft.wait_minutes != old.wait_minutes)
    _write(step, draft)
    campaign.version += 1
    _audit(desk, campaign, "step.edited", step, old, draft)


@use_case(needs=Permission.MANAGE)
def move(desk: Desk, step_id: int, to: int) -> None:
    """Put a step of a draft at position `to`, counted from 1."""
    step = desk.session.get_one(Step, step_id)
    campaign = _draft_campaign(desk, step.campaign_id)
    others = [each for each in steps_of(desk.session, campaign.id) if each.id != step_id]
    others.insert(max(1, min(to, len(others) + 1)) - 1, step)
    old = step.position
    _number(desk.session, others)
    desk.audit(
        "step.moved",
        f"campaign:{campaign.id}",
        old={"position": old},
        new={"position": step.position},
        identity_id=campaign.identity_id,
    )


@use_case(needs=Permission.MANAGE)
def remove(desk: Desk, step_id: int) -> None:
    """Remove a step of a draft."""
    step = desk.session.get_one(Step, step_id)
    campaign = _draft_campaign(desk, step.campaign_id)
    _audit(desk, campaign, "step.removed", step, draft_of(step), None)
    desk.session.delete(step)
    desk.session.flush()
    _number(desk.session, steps_of(desk.session, campaign.id))


@use_case(needs=Permission.READ, reads=True)
def preview(desk: Desk, campaign_id: int, position: int, draft: Draft, lead_id: int) -> Preview:
    """What `draft`, unsaved, would send to a lead as the campaign's step at `position`."""
    lead = desk.session.get_one(Lead, lead_id)
    if lead.campaign_id != campaign_id:
        raise Problem("This lead belongs to another campaign.")
    earlier = [step for step in steps_of(desk.session, campaign_id) if step.position < position and _is_mail(step)]
    # Of no session: a read transaction writes nothing.
    unsaved = Step(campaign_id=campaign_id, position=position, kind=ActionKind.EMAIL)
    _write(unsaved, draft)
    try:
        return Preview(lead.name, rendered([*earlier, unsaved], lead, _signature(desk.session, lead, campaign_id)), "")
    except Problem as problem:
        return Preview(lead.name, None, str(problem))


def steps_of(session: Session, campaign_id: int) -> list[Step]:
    return list(session.scalars(select(Step).where(Step.campaign_id == campaign_id).order_by(Step.position)))


def problems_of(session: Session, sequence: Sequence[Step], step: Step) -> tuple[str, ...]:
    """What keeps a step of the sequence from being sent, a sentence each."""
    identity_id = session.get_one(Campaign, step.campaign_id).identity_id
    sentences = []
    if step.kind.channel is Channel.LINKEDIN:
        too_long = linkedin_texts.too_long(step.body, step.kind, linkedin_texts.longest(session, identity_id, step.kind))
        sentences += [too_long] if too_long else []
    for where, text in (("The subject", step.subject), ("The text", step.body), ("The HTML", step.body_html)):
        if sentence := texts.problem(text):
            sentences.append(f"{where}: {sentence}")
    if step.kind is not ActionKind.CONNECTION_REQUEST and not step.body.strip():
        sentences.append(f"The text is empty; write what the {'mail' if _is_mail(step) else 'message'} says.")
    if step is first_mail(sequence) and not step.subject.strip():
        sentences.append("The first step has no subject; write one.")
    return tuple(sentences)


def first_mail(sequence: Sequence[Step]) -> Step | None:
    """The step whose subject all mails of the thread share."""
    return next((step for step in sequence if _is_mail(step)), None)


def fields_of_step(step: Step) -> tuple[texts.Field, ...]:
    """The fields that a step's texts use, each once; without a fallback as soon as one use has none."""
    found: dict[str, bool] = {}
    for text in (step.subject, step.body, step.body_html):
        for field in texts.fields_used(text):
            found[field.name] = found.get(field.name, True) and field.has_fallback
    return tuple(texts.Field(name, has_fallback) for name, has_fallback in found.items())


def _view(session: Session, sequence: Sequence[Step], step: Step, planned: int, begun: int) -> StepView:
    draft = draft_of(step)
    lacking = step_channels.lacking(session, session.get_one(Campaign, step.campaign_id).identity_id, step.kind)
    problems = (*([lacking] if lacking else []), *problems_of(session, sequence, step))
    fields = () if any(texts.problem(each) for each in (step.subject, step.body, step.body_html)) else fields_of_step(step)
    return StepView(step.id, step.position, step.kind, draft, planned, begun, problems, fields)


def _counts(session: Session, campaign_id: int) -> dict[int, tuple[int, int]]:
    """step id → how many leads wait for it, and for how many it is being or was sent."""
    waits = func.count().filter(Action.state.in_(OPEN_STATES))
    begun = func.count().filter(Action.state.not_in([*OPEN_STATES, ActionState.CANCELLED, ActionState.SKIPPED]))
    rows = session.execute(
        select(Action.step_id, waits, begun).where(Action.campaign_id == campaign_id).group_by(Action.step_id)
    )
    return {step_id: (planned, gone) for step_id, planned, gone in rows if step_id is not None}


def _draft_campaign(desk: Desk, campaign_id: int) -> Campaign:
    campaign = desk.session.get_one(Campaign, campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        raise Problem("Steps can be added, moved and removed in a draft only. Duplicate the campaign to change its steps.")
    campaign.version += 1
    return campaign


def _require_editable(session: Session, campaign: Campaign, step: Step, *, wait_changes: bool) -> None:
    if campaign.state is CampaignState.DRAFT:
        return
    if campaign.state is CampaignState.FINISHED:
        raise Problem("The campaign is finished. Duplicate it to change its steps.")
    planned, begun = _counts(session, campaign.id).get(step.id, (0, 0))
    if begun:
        raise Problem(
            f"Step {step.position} has already gone to {begun:,} {'lead' if begun == 1 else 'leads'}, so it stays as it is "
            "for everybody. Duplicate the campaign to write another text."
        )
    if wait_changes and planned:
        raise Problem(f"{planned:,} leads already wait for step {step.position}; its wait can't change any more.")


def _require_short(session: Session, campaign: Campaign, kind: ActionKind, draft: Draft) -> None:
    if kind.channel is Channel.LINKEDIN:
        most = linkedin_texts.longest(session, campaign.identity_id, kind)
        if too_long := linkedin_texts.too_long(draft.body, kind, most):
            raise Problem(too_long)


def _require_usable(draft: Draft) -> None:
    """Refuse what could never be kept; what only keeps it from being launched is shown, not refused."""
    if not 0 <= draft.wait_minutes <= MOST_WAIT:
        raise Problem("The wait must be between 0 and 365 days.")
    if not 1 <= draft.acceptance_days <= _MOST_ACCEPTANCE:
        raise Problem(f"Wait between 1 and {_MOST_ACCEPTANCE} days for an acceptance.")
    if texts.has_control_characters(draft.subject):
        raise Problem("The subject contains a line break or a control character; write it on one line.")
    if len(draft.subject) > _LONGEST_SUBJECT:
        raise Problem(f"The subject has {len(draft.subject):,} characters; shorten it to {_LONGEST_SUBJECT}.")
    for text in (draft.body, draft.body_html):
        if len(text) > texts.LONGEST:
            raise Problem(f"The text has {len(text):,} characters; shorten it to {texts.LONGEST:,}.")
        if texts.has_control_characters(text.replace("\n", "").replace("\r", "").replace("\t", "")):
            raise Problem("The text contains a control character; type it again instead of pasting it.")


def _write(step: Step, draft: Draft) -> None:
    step.subject = draft.subject.strip()
    step.body = draft.body.replace("\r\n", "\n").strip()
    step.body_html = draft.body_html.strip()
    step.wait_minutes = draft.wait_minutes
    step.may_drop_note = draft.may_drop_note
    step.acceptance_days = draft.acceptance_days


def draft_of(step: Step) -> Draft:
    return Draft(step.subject, step.body, step.body_html, step.wait_minutes, step.may_drop_note, step.acceptance_days)


def _number(session: Session, steps: list[Step]) -> None:
    """Give the steps the positions 1, 2, 3 …, by way of numbers nobody has: a position is unique at every moment."""
    for place, step in enumerate(steps, start=1):
        step.position = -place
    session.flush()
    for place, step in enumerate(steps, start=1):
        step.position = place
    session.flush()


def _signature(session: Session, lead: Lead, campaign_id: int) -> str:
    campaign = session.get_one(Campaign, campaign_id)
    chosen = lead.mailbox_id or campaign.mailbox_id
    of_identity = select(Mailbox.signature).where(Mailbox.identity_id == campaign.identity_id, Mailbox.removed_at.is_(None))
    found = select(Mailbox.signature).where(Mailbox.id == chosen) if chosen else of_identity.order_by(Mailbox.id)
    return session.scalar(found.limit(1)) or ""


def _is_mail(step: Step) -> bool:
    return step.kind is ActionKind.EMAIL


def _audit(desk: Desk, campaign: Campaign, what: str, step: Step, old: Draft | None, new: Draft | None) -> None:
    desk.audit(what, f"campaign:{campaign.id}", old=_said(step, old), new=_said(step, new), identity_id=campaign.identity_id)


def _said(step: Step, draft: Draft | None) -> dict[str, object] | None:
    if draft is None:
        return None
    return {
        "position": step.position,
        "subject": draft.subject,
        "body": draft.body,
        "body_html": draft.body_html,
        "wait_minutes": draft.wait_minutes,
        "may_drop_note": draft.may_drop_note,
        "acceptance_days": draft.acceptance_days,
    }
