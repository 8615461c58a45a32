"""Sets the practice workspace up: one client, its identities with photos and addresses, its campaigns and their leads."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine.channels.effects import Server
from engine.limits import open_mailbox_lane
from practice.cast import DOMAIN, LETTERS, PARTS, SIGNATURE, STORIES, WORKDAYS, Part, Person, Story, address, people
from practice.portraits import CONTENT_TYPE, portrait
from storage.kinds import CampaignState, LeadState, MailboxState, Provider, SuppressionKind
from storage.tables import Campaign, Holiday, Identity, Lead, Mailbox, Photo, Step, Suppression, Workspace

Row = TypeVar("Row")

HISTORY = timedelta(days=120)
CLIENT = "Practice: Acme Robotics"
_ON_LEAVE = 7  # this part has the coming fortnight off
_PAUSED_ADDRESS = 8
_ENDED_CONNECTION = 5


@dataclass(frozen=True, slots=True)
class MailHost:
    """Where the stand-ins listen, and the sealed password that opens every mailbox on them."""

    imap: Server
    smtp: Server
    seal: Callable[[int, int], bytes]  # workspace and mailbox → the sealed password


@dataclass(frozen=True, slots=True)
class Cue:
    """When a campaign is launched or paused."""

    at: datetime
    campaign_id: int
    becomes: CampaignState


@dataclass(frozen=True, slots=True)
class Stage:
    workspace: Workspace
    identities: tuple[Identity, ...]
    cues: tuple[Cue, ...]


def set_stage(session: Session, host: MailHost, random: Random, now: datetime, set_by: int | None) -> Stage:
    """Everything that is there before the first mail; `now` is the practice day on which the history ends."""
    began = now - HISTORY
    workspace = _keep(session, Workspace(name=CLIENT, created_at=began))
    crowd = iter(people(random))
    identities: list[Identity] = []
    cues: list[Cue] = []
    for number, part in enumerate(PARTS):
        identity = _identity(session, workspace, part, began)
        for box in part.mailboxes:
            _mailbox(session, identity, box, host, began, set_by)
        identities.append(identity)
        for story in STORIES:
            if story.part == number:
                cues += _campaign(session, identity, story, crowd, now)
    _suppress(session, workspace, [next(crowd) for _ in range(14)], began)
    return Stage(workspace, tuple(identities), tuple(sorted(cues, key=lambda cue: cue.at)))


def _identity(session: Session, workspace: Workspace, part: Part, began: datetime) -> Identity:
    name = f"{part.first_name} {part.last_name}"
    identity = _keep(
        session,
        Identity(
            workspace_id=workspace.id,
            first_name=part.first_name,
            last_name=part.last_name,
            sort_name=name.casefold(),
            job_title=part.job_title,
            email=address(part.mailboxes[0]),
            phone="+34 600 000 000",
            linkedin_url=f"linkedin.com/in/practice-{part.slug}",
            meeting_url=f"https://meet.{DOMAIN}/{part.slug}",
            crm_user=name,
            zone=part.zone,
            work_days=sorted(part.days),
            work_start=part.opens,
            work_end=part.closes,
            holiday_country=part.country,
            created_at=began,
        ),
    )
    photo = portrait(part.first_name, part.last_name)
    session.add(Photo(identity_id=identity.id, content_type=CONTENT_TYPE, content=photo, changed_at=began))
    return identity


def _mailbox(session: Session, identity: Identity, box: str, host: MailHost, began: datetime, set_by: int | None) -> Mailbox:
    mailbox = _keep(
        session,
        Mailbox(
            workspace_id=identity.workspace_id,
            identity_id=identity.id,
            address=address(box),
            provider=Provider.IMAP,
            display_name=identity.name,
            state=MailboxState.OK,
            state_since=began,
            last_good_at=began,
            username=address(box),
            imap_host=host.imap.host,
            imap_port=host.imap.port,
            imap_security=host.imap.security,
            smtp_host=host.smtp.host,
            smtp_port=host.smtp.port,
            smtp_security=host.smtp.security,
            sent_folder="Sent",
            signature=SIGNATURE,
            created_at=began,
            connected_at=began,
        ),
    )
    mailbox.password = host.seal(identity.workspace_id, mailbox.id)
    open_mailbox_lane(session, mailbox, began, set_by)
    return mailbox


def _campaign(session: Session, identity: Identity, story: Story, crowd: Iterator[Person], now: datetime) -> Iterator[Cue]:
    launch = now - timedelta(days=story.launched or 1, hours=3)
    written = launch - timedelta(hours=20)
    campaign = Campaign(workspace_id=identity.workspace_id, identity_id=identity.id, name=story.name, created_at=written)
    _keep(session, campaign)
    for position, (days, subject, body) in enumerate(LETTERS, start=1):
        wait = days * 24 * 60
        session.add(Step(campaign_id=campaign.id, position=position, wait_minutes=wait, subject=subject, body=body))
    session.execute(insert(Lead), [_lead(campaign, next(crowd), written) for _ in range(story.people)])
    if story.launched:
        yield Cue(launch, campaign.id, CampaignState.RUNNING)
    if story.paused:
        yield Cue(now - timedelta(days=story.paused), campaign.id, CampaignState.PAUSED)


def _lead(campaign: Campaign, person: Person, written: datetime) -> dict[str, object]:
    return {
        "workspace_id": campaign.workspace_id,
        "campaign_id": campaign.id,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "job_title": person.job_title,
        "state": LeadState.NEW,
        "state_since": written,
        "created_at": written,
    }


def _suppress(session: Session, workspace: Workspace, known: Sequence[Person], began: datetime) -> None:
    kinds = [(SuppressionKind.ADDRESS, person.email, "asked not to be written to") for person in known[:11]]
    kinds += [(SuppressionKind.DOMAIN, f"competitor-{number}.{DOMAIN}", "a competitor") for number in (1, 2)]
    kinds += [(SuppressionKind.LINKEDIN_URL, f"linkedin.com/in/practice-{known[11].last_name.lower()}", "a customer")]
    for number, (kind, value, why) in enumerate(kinds):
        since = began + timedelta(days=7 * number)
        session.add(Suppression(workspace_id=workspace.id, kind=kind, value=value, why=why, since=since))


def leave_it_as_today(session: Session, stage: Stage, now: datetime) -> None:
    """The states a person finds on the practice day: a connection that ended, a paused address, somebody on leave."""
    ended = _first_mailbox(session, stage.identities[_ENDED_CONNECTION])
    ended.state, ended.state_since = MailboxState.RECONNECT_NEEDED, now - timedelta(hours=20)
    ended.state_note = "The server refused the password. Type the current password and reconnect."
    paused = _first_mailbox(session, stage.identities[_PAUSED_ADDRESS])
    paused.paused_at = now - timedelta(days=2)
    for day in range(14):
        off = (now + timedelta(days=day)).date()
        if off.isoweekday() in WORKDAYS:
            session.add(Holiday(identity_id=stage.identities[_ON_LEAVE].id, day=off, note="On leave"))


def _first_mailbox(session: Session, identity: Identity) -> Mailbox:
    return session.scalars(select(Mailbox).where(Mailbox.identity_id == identity.id).order_by(Mailbox.id).limit(1)).one()


def _keep(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
