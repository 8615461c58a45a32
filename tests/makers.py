"""Rows for tests: each maker writes one believable row and returns it; only what a test cares about is named by it."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.desk import Actor, Desk
from storage.kinds import (
    ActionKind,
    ActionState,
    CampaignState,
    Channel,
    LeadState,
    MailboxState,
    Provider,
    QuotaClock,
    RecordState,
    Role,
)
from storage.tables import (
    Action,
    Campaign,
    DomainCheck,
    Identity,
    Installation,
    Lane,
    Lead,
    LimitSetting,
    Mailbox,
    Membership,
    MembershipIdentity,
    Step,
    User,
    Workspace,
)

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a working Monday, 11:00 in Madrid and 05:00 in New York
LONG_AGO = MONDAY - timedelta(days=90)
OWNER = Actor(1, "owner@outpost.test", is_owner=True)
_numbers = itertools.count(1)


def installation(session: Session, **values: Any) -> Installation:
    return _add(session, Installation(**{"id": 1, "mark": "test-mark", "created_at": LONG_AGO, **values}))


def workspace(session: Session, **values: Any) -> Workspace:
    return _add(session, Workspace(**{"name": f"Client {next(_numbers)}", "created_at": LONG_AGO, **values}))


def user(session: Session, **values: Any) -> User:
    number = next(_numbers)
    given = {"email": f"user{number}@outpost.test", "name": f"User {number}", "password_hash": "-"}
    made = _add(session, User(**{**given, "created_at": LONG_AGO, **values}))
    if "id" in values and session.get_bind().dialect.name == "postgresql":  # whose numbers go on as if nothing was given
        session.execute(text("""SELECT setval(pg_get_serial_sequence('"user"', 'id'), max(id)) FROM "user" """))
    return made


def member(session: Session, workspace_id: int, role: Role, identity_ids: list[int] | None = None) -> Actor:
    """A new user with this role; with `identity_ids` only those identities are within reach."""
    someone = user(session)
    _add(
        session,
        Membership(
            user_id=someone.id,
            workspace_id=workspace_id,
            role=role,
            all_identities=identity_ids is None,
            created_at=LONG_AGO,
        ),
    )
    for identity_id in identity_ids or []:
        _add(session, MembershipIdentity(user_id=someone.id, identity_id=identity_id))
    return Actor(someone.id, someone.email)


def identity(session: Session, workspace_id: int, **values: Any) -> Identity:
    number = next(_numbers)
    given = {
        "first_name": "Ada",
        "last_name": f"Lovelace {number}",
        "zone": "Europe/Madrid",
        "work_days": [1, 2, 3, 4, 5],
        "work_start": 9 * 60,
        "work_end": 18 * 60,
        "created_at": LONG_AGO,
        **values,
    }
    given.setdefault("sort_name", f"{given['first_name']} {given['last_name']}".casefold())
    return _add(session, Identity(workspace_id=workspace_id, **given))


def mailbox(session: Session, owner: Identity, limit: int = 50, **values: Any) -> Mailbox:
    """A connected address with its lane and a daily limit that has been in force for long."""
    given = {
        "address": f"ada{next(_numbers)}@alpha.test",
        "provider": Provider.IMAP,
        "state": MailboxState.OK,
        "state_since": LONG_AGO,
        "created_at": LONG_AGO,
        "connected_at": LONG_AGO,
        "imap_host": "imap.alpha.test",
        "smtp_host": "smtp.alpha.test",
        **values,
    }
    made = _add(session, Mailbox(workspace_id=owner.workspace_id, identity_id=owner.id, **given))
    lane = _add(
        session,
        Lane(
            workspace_id=owner.workspace_id,
            identity_id=owner.id,
            channel=Channel.EMAIL,
            mailbox_id=made.id,
        ),
    )
    limit_of(session, lane.id, limit)
    return made


def limit_of(session: Session, lane_id: int, value: int, **values: Any) -> LimitSetting:
    """How many mails a day a lane may send, for long; `values` name another clock, or since when and until when."""
    given = {"kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY, "since": LONG_AGO, **values}
    return _add(session, LimitSetting(lane_id=lane_id, value=value, **given))


def checked(session: Session, *addresses: str) -> None:
    """The domains of these addresses, or of all, were found well long ago; it is time to look again."""
    domains = {one.rpartition("@")[2] for one in addresses or session.scalars(select(Mailbox.address))}
    well = dict.fromkeys(("spf", "dkim", "dmarc"), RecordState.PRESENT)
    session.add_all(
        DomainCheck(domain=one, checked_at=LONG_AGO, next_check_at=LONG_AGO, note="", **well) for one in sorted(domains)
    )
    session.flush()


def campaign(session: Session, owner: Identity, steps: int = 1, **values: Any) -> Campaign:
    """A running e-mail campaign with `steps` steps, a day apart."""
    given = {
        "name": f"Campaign {next(_numbers)}",
        "state": CampaignState.RUNNING,
        "created_at": LONG_AGO,
        "launched_at": LONG_AGO,
        **values,
    }
    made = _add(session, Campaign(workspace_id=owner.workspace_id, identity_id=owner.id, **given))
    for position in range(1, steps + 1):
        _add(
            session,
            Step(
                campaign_id=made.id,
                position=position,
                kind=ActionKind.EMAIL,
                wait_minutes=0 if position == 1 else 24 * 60,
                subject="A question, {{ first_name }}" if position == 1 else "",
                body="Hello {{ first_name }}, shall we talk?",
            ),
        )
    return made


def lead(session: Session, of: Campaign, **values: Any) -> Lead:
    number = next(_numbers)
    given = {
        "email": f"lead{number}@bravo.test",
        "first_name": "Marie",
        "last_name": f"Curie {number}",
        "company": "Radium Ltd",
        "state": LeadState.NEW,
        "state_since": LONG_AGO,
        "created_at": LONG_AGO,
        **values,
    }
    return _add(session, Lead(workspace_id=of.workspace_id, campaign_id=of.id, **given))


def action(session: Session, of: Lane, **values: Any) -> Action:
    """A mail of this lane, planned for Monday."""
    where = {"workspace_id": of.workspace_id, "identity_id": of.identity_id, "lane_id": of.id}
    given = {"kind": ActionKind.EMAIL, "state": ActionState.PLANNED, "due_at": MONDAY, "created_at": MONDAY, **values}
    return _add(session, Action(**where, **given))


def desk(session: Session, workspace_id: int | None = None, actor: Actor = OWNER, now: datetime = MONDAY) -> Desk:
    return Desk(session, actor, workspace_id, now)


Row = TypeVar("Row")


def _add(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
