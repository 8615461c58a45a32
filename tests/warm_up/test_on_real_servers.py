"""Warm-up over real Postfix and Dovecot on a moved clock: within plan and hours, rescued where allowed, threads, folders.

The whole fortnight of 24 addresses is `python -m tests.warm_up.fortnight`.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from storage.database import Database
from storage.tables import Mailbox, WarmUp, WarmUpMessage
from tests.bed.bed import Bed
from tests.warm_up import moved
from tests.warm_up.moved import OPENS, Pool

pytestmark = [pytest.mark.bed, pytest.mark.slow]
DOMAINS = ("alpha.test", "bravo.test", "carol.test", "delta.test", "echo.test")


@pytest.fixture
def pool(database: Database, bed: Bed) -> Pool:
    """Ten addresses on five domains; those at an even place may be rescued."""
    return moved.make_pool(database, bed, 10, DOMAINS)


def test_three_days_of_three_addresses_keep_every_promise(pool: Pool) -> None:
    warming = pool.boxes[:3]  # the third is of the domain whose mails every host files to Junk
    pool.start(*warming)
    pool.work_until(OPENS + timedelta(days=2, hours=13))
    sent = pool.messages()
    assert len(sent) > 20
    moved.check_plan_and_hours(pool, warming)
    moved.check_only_the_pool_got_mail(pool, sent)
    seen = moved.check_rescues(pool, sent, pool.now)
    assert seen["rescued"]
    assert seen["left in Junk"]
    moved.check_folders(pool, sent, pool.now)
    with pool.database.read() as session:
        assert [one.day for one in session.scalars(select(WarmUp))] == [3, 3, 3]


def strip(pool: Pool, address: str) -> int:
    """What some providers do: own headers gone, Message-ID another."""
    changed = 0
    domain, name = address.partition("@")[2], address.partition("@")[0]
    for path in list(Path(pool.bed.folder / "mail" / domain / name / "Maildir").glob("[nc][eu][wr]/*")):
        lines = path.read_bytes().split(b"\n")
        kept = [line for line in lines if not line.lower().startswith((b"x-outpost-ref:", b"message-id:"))]
        path.unlink()
        new = b"Message-ID: <rewritten-%d@provider.test>" % changed
        stripped = b"\r\n".join([new, *[line.rstrip(b"\r") for line in kept]])
        pool.bed.append(address, "INBOX", stripped)
        changed += 1
    return changed


def test_stripped_headers_are_recognised_and_two_mails_of_a_pair_not_confused(pool: Pool) -> None:
    sender, recipient = pool.boxes[0], pool.boxes[1]
    pool.start(sender)
    with pool.database.write() as session:
        planned = session.scalars(select(WarmUpMessage).where(WarmUpMessage.sender_id == sender)).all()
        for one in planned:
            one.recipient_id = recipient
        ids = [one.id for one in planned]
        session.execute(update(Mailbox).values(gap_seconds=1))
    tokens = {one.token for one in planned}
    address = pool.addresses[recipient]
    while pool.now < OPENS + timedelta(hours=9):
        pool.send()
        pool.now += timedelta(minutes=20)
    pool.bed.wait_for_mails(address, len(ids))
    assert strip(pool, address) == len(ids) >= 2
    pool.now = OPENS + timedelta(days=1)
    for _ in range(3):
        pool.visit()
        pool.now += timedelta(hours=2)
    with pool.database.read() as session:
        found = [session.get_one(WarmUpMessage, one) for one in ids]
    assert {one.token for one in found} == tokens
    assert all(one.filed_at is not None and one.arrived_as for one in found)
    by_subject = {mail["Subject"]: mail["Message-ID"] for mail in pool.bed.mails(address, "Warm-up")}
    assert {one.subject: one.arrived_as for one in found} == by_subject


def test_a_stranger_with_a_forged_header_moves_nothing(pool: Pool) -> None:
    pool.start(pool.boxes[0])
    address = pool.addresses[pool.boxes[1]]
    pool.bed.append(
        address, "INBOX", b"From: x@evil.test\r\nX-Outpost-Ref: abc\r\nMessage-ID: <e@evil>\r\nSubject: Hi\r\n\r\nHi"
    )
    pool.work_until(OPENS + timedelta(hours=9))
    assert [mail["From"] for mail in pool.bed.mails(address) if "evil" in mail["From"]]
