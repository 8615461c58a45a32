"""The mailboxes and warm-up mails that the warm-up benchmark visits: rows in the database, files in Dovecot's folders."""

import os
import pwd
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine import warm_up_texts
from engine.warm_up_letters import HEADER, signature
from storage.database import Database
from storage.kinds import ActionKind, ActionState, Landing
from storage.tables import Action, Lane, Mailbox, WarmUpMember, WarmUpMessage
from tests import makers
from tests.bed.bed import Bed
from tests.bed.configuration import ROOMY
from tests.fresh import new_database
from tests.makers import MONDAY

KEY = b"a key of this benchmark"
NOW = MONDAY
_MAILS = 3  # of a mailbox, the first of them in Junk
_OWN_MAILS = 8
_ARRIVED = NOW - timedelta(hours=3)  # so long ago that it is time to read them
_ALWAYS = {"work_days": [1, 2, 3, 4, 5, 6, 7], "work_start": 0, "work_end": 24 * 60}


@dataclass(frozen=True, slots=True)
class Known:
    message_id: str
    sender: str
    token: str


@dataclass(frozen=True, slots=True)
class Office:
    """`bare` is a second set of the same mailboxes: by address what a visitor knows of each of their warm-up mails."""

    bed: Bed
    database: Database
    bare: dict[str, list[Known]]


def open_office(bed: Bed, path: Path, number: int) -> Office:
    database = new_database(path)
    with database.write() as session:
        boxes = _mailboxes(session, bed, number)
        mails = _mails(session, boxes)
    bare: dict[str, list[Known]] = {}
    for place, box in enumerate(boxes):
        twin = bed.new_address("bare", ROOMY[place % len(ROOMY)])
        bare[twin] = []
        for address in (box.address, twin):
            _fill(bed, address)
        for turn, (mail, sender) in enumerate(mails[box.id]):
            bare[twin].append(Known(mail.message_id, sender, mail.token))
            for address in (box.address, twin):
                _put(bed, address, "/.Junk" if turn == 0 else "", _warm_up_mail(mail, sender, address))
    return Office(bed, database, bare)


def _mailboxes(session: Session, bed: Bed, number: int) -> list[Mailbox]:
    makers.installation(session)
    makers.user(session, is_owner=True)
    home = makers.workspace(session).id
    boxes = []
    for place in range(number):
        address = bed.new_address("warm", ROOMY[place % len(ROOMY)])
        owner = makers.identity(session, home, **_ALWAYS)
        boxes.append(makers.mailbox(session, owner, address=address, junk_folder="Junk", sent_folder="Sent"))
        session.add(WarmUpMember(mailbox_id=boxes[-1].id, takes_part=True, may_rescue=True, language="en"))
    session.flush()
    return boxes


def _mails(session: Session, boxes: list[Mailbox]) -> dict[int, list[tuple[WarmUpMessage, str]]]:
    """To each mailbox one from each of the three before it, sent and seen hours ago."""
    lanes = {lane.mailbox_id: lane for lane in session.scalars(select(Lane))}
    mails: dict[int, list[tuple[WarmUpMessage, str]]] = {}
    for place, box in enumerate(boxes):
        for turn in range(_MAILS):
            sender = boxes[place - 1 - turn]
            mail = _mail(session, lanes[sender.id], box, place * _MAILS + turn)
            mail.landed = Landing.INBOX if turn else Landing.SPAM
            mails.setdefault(box.id, []).append((mail, sender.address))
    session.flush()
    return mails


def _mail(session: Session, lane: Lane, to: Mailbox, number: int) -> WarmUpMessage:
    message_id = f"<warm-{number}@bench.test>"
    values = {
        "workspace_id": lane.workspace_id,
        "identity_id": lane.identity_id,
        "lane_id": lane.id,
        "kind": ActionKind.WARM_UP_MAIL,
        "state": ActionState.ACCEPTED,
        "due_at": _ARRIVED,
        "created_at": _ARRIVED,
        "sending_at": _ARRIVED,
        "final_at": _ARRIVED,
        "message_id": message_id,
    }
    made = session.execute(insert(Action).values(values).returning(Action.id)).scalar_one()
    token = warm_up_texts.token(number)
    mail = WarmUpMessage(
        action_id=made,
        sender_id=lane.mailbox_id,
        recipient_id=to.id,
        planned_day=_ARRIVED.date(),
        message_id=message_id,
        token=token,
        subject=f"About the {token}",
        text_number=0,
        language="en",
        seen_at=_ARRIVED,
        copy_filed_at=_ARRIVED,
    )
    session.add(mail)
    return mail


def _warm_up_mail(mail: WarmUpMessage, sender: str, to: str) -> str:
    signed = f"{HEADER}: {signature(KEY, mail.message_id)}\n"
    return f"Message-ID: {mail.message_id}\nFrom: <{sender}>\nTo: <{to}>\nSubject: {mail.subject}\n{signed}\nHello.\n"


def _fill(bed: Bed, address: str) -> None:
    """A person's own mails, which no visit may touch, and the folder that the first visit ever has made."""
    _folder(bed, address, "/.Warm-up")
    for number in range(_OWN_MAILS):
        head = f"Message-ID: <own-{number}-{address}>\nFrom: <friend@elsewhere.test>\nTo: <{address}>\n"
        _put(bed, address, "", f"{head}Subject: Lunch {number}\n\nShall we?\n")


def _put(bed: Bed, address: str, folder: str, content: str) -> None:
    place = _folder(bed, address, folder)
    path = place / "new" / f"{hash(content) & 0xFFFFFFFFFFFF}.M{len(content)}.bench"
    path.write_text(content)
    os.utime(path, (_ARRIVED.timestamp(), _ARRIVED.timestamp()))
    os.chown(path, *_owner())


def _folder(bed: Bed, address: str, folder: str) -> Path:
    name, _, domain = address.partition("@")
    place = Path(f"{bed.folder}/mail/{domain}/{name}/Maildir{folder}")
    if not (place / "cur").exists():
        _make_folder(bed.folder / "mail", place)
    return place


def _make_folder(root: Path, place: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (place / part).mkdir(parents=True)
        os.chown(place / part, *_owner())
    while place != root:
        os.chown(place, *_owner())
        place = place.parent


def _owner() -> tuple[int, int]:
    user = pwd.getpwnam("dovecot")
    return user.pw_uid, user.pw_gid
