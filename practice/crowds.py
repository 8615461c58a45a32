"""Workspaces that nobody has but every screen must stand: an empty one, one of 5,000 identities, one of impossible names."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from practice.cast import DOMAIN, PARTS, WORKDAYS, people
from storage.kinds import ActionKind, Channel, LinkedInState, MailboxState, Provider, QuotaClock
from storage.tables import Campaign, Identity, Lane, Lead, LimitSetting, Mailbox, Step, Workspace

EMPTY = "Practice: Nothing yet"
FULL = "Practice: Five thousand"
AWKWARD = "Practice: Awkward names"
_NAMES = (
    ("Wolfeschlegelsteinhausenbergerdorff" * 4, "Hubert Blaine the Younger of the Long House by the River " * 3),
    ("<b>Bold</b>", "<script>alert('no')</script>"),
    ("=cmd()", "|' /C calc'!A0"),
    ("עדה", "לאבלייס"),
    ("🤖🚀", "Émile Ångström-Nuñez"),
    ("Ana_María *star*", "[link](https://practice.test) `code` :red[red]"),
    ("פרופסור עדה " * 12, "🤖 לאבלייס־🚀 " * 10),
)
_STATES = (MailboxState.OK,) * 8 + (MailboxState.DEGRADED, MailboxState.RECONNECT_NEEDED)
_ALL_STATES = tuple(MailboxState)
_LONGEST = 1  # this address of the awkward ones, which is connected, is as long as addresses get


def add_crowds(session: Session, now: datetime, number: int = 5000) -> None:
    """All three workspaces."""
    began = now - timedelta(days=90)
    session.add(Workspace(name=EMPTY, created_at=began))
    crowd = ((person.first_name, person.last_name) for person in itertools.cycle(people(Random(11))))
    for name, names in ((FULL, list(itertools.islice(crowd, number))), (AWKWARD, list(_NAMES))):
        workspace = Workspace(name=name, created_at=began)
        session.add(workspace)
        session.flush()
        session.execute(insert(Identity), [*_identities(workspace.id, names, began)])
        _connect_all(session, workspace.id, began, _STATES if name == FULL else _ALL_STATES)
    _awkward_campaign(session, workspace.id, began)


def _awkward_campaign(session: Session, workspace_id: int, began: datetime) -> None:
    """A draft whose name, step and leads are as awkward as the names."""
    owner = session.scalars(select(Identity.id).where(Identity.workspace_id == workspace_id).order_by(Identity.id)).first()
    name = ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk <i>und</i> Söhne 🚢 " * 3)[:200]
    campaign = Campaign(workspace_id=workspace_id, identity_id=owner, name=name, created_at=began)
    session.add(campaign)
    session.flush()
    subject, text = (
        "{{ first_name }}, " + "a subject without an end " * 12,
        "<p>Not HTML</p> {{ first_name }}\n" + "word" * 90,
    )
    session.add(
        Step(campaign_id=campaign.id, position=1, kind=ActionKind.EMAIL, wait_minutes=0, subject=subject.strip(), body=text)
    )
    session.add_all(
        Lead(
            workspace_id=workspace_id,
            campaign_id=campaign.id,
            first_name=first,
            last_name=last,
            email=f"lead{number}@{'sub.' * 40}practice.{DOMAIN}",
            company=f"{last} & {first}",
            job_title="Vorsitzender der Geschäftsführung " * 6,
            state_since=began,
            created_at=began,
        )
        for number, (first, last) in enumerate(_NAMES)
    )


def _identities(workspace_id: int, names: Sequence[tuple[str, str]], began: datetime) -> Iterator[dict[str, Any]]:
    for number, (first, last) in enumerate(names):
        yield {
            "workspace_id": workspace_id,
            "first_name": first,
            "last_name": last,
            "sort_name": f"{first} {last}".casefold(),
            "job_title": PARTS[number % len(PARTS)].job_title,
            "email": f"identity{number}@crowd{workspace_id}.{DOMAIN}",
            "linkedin_state": LinkedInState.NEVER,
            "zone": PARTS[number % len(PARTS)].zone,
            "work_days": list(WORKDAYS),
            "work_start": 9 * 60,
            "work_end": 18 * 60,
            "created_at": began,
        }


def _connect_all(session: Session, workspace_id: int, began: datetime, states: Sequence[MailboxState]) -> None:
    ids = session.scalars(select(Identity.id).where(Identity.workspace_id == workspace_id).order_by(Identity.id)).all()
    # With few identities each has several addresses, so that every state is seen.
    owners = [each for each in ids for _ in range(1 if len(ids) > len(states) else 2)]
    boxes_of = [_mailbox(workspace_id, number, each, began, states) for number, each in enumerate(owners)]
    session.execute(insert(Mailbox), boxes_of)
    boxes = session.execute(select(Mailbox.id, Mailbox.identity_id).where(Mailbox.workspace_id == workspace_id)).all()
    session.execute(insert(Lane), [_lane(workspace_id, box, identity_id) for box, identity_id in boxes])
    lanes = session.scalars(select(Lane.id).where(Lane.workspace_id == workspace_id)).all()
    session.execute(insert(LimitSetting), [_limit(lane, began) for lane in lanes])


def _mailbox(
    workspace_id: int, number: int, identity_id: int, began: datetime, states: Sequence[MailboxState]
) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "identity_id": identity_id,
        "address": _address(workspace_id, number, longest=states is _ALL_STATES and number == _LONGEST),
        "provider": Provider.IMAP,
        "state": states[number % len(states)],
        "state_since": began,
        "created_at": began,
        "connected_at": began,
    }


def _address(workspace_id: int, number: int, *, longest: bool) -> str:
    domain = f"crowd{workspace_id}.{DOMAIN}"
    return f"{'identity-' * 7}{number}@{'department.' * 9}{domain}" if longest else f"identity{number}@{domain}"


def _lane(workspace_id: int, mailbox_id: int, identity_id: int) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "identity_id": identity_id, "channel": Channel.EMAIL, "mailbox_id": mailbox_id}


def _limit(lane_id: int, began: datetime) -> dict[str, Any]:
    return {"lane_id": lane_id, "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY, "value": 50, "since": began}
