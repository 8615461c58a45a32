"""A warm-up pool on real Postfix and Dovecot whose clock is moved, and what must hold whatever its size."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import agenda, clock, warm_up, warm_up_keeping, warm_up_membership, warm_up_pool
from engine.channels.effects import MailAccount
from engine.channels.email import EmailChannel
from engine.connections.network import NetworkGuard
from engine.dispatch import attend
from engine.hands import Hands
from engine.letters import letter_writer
from engine.rules import warm_up as rules
from engine.rules.hours import window_at
from engine.situations import working_hours
from engine.warm_up_folders import KEPT
from engine.warm_up_hand import with_warm_up
from engine.warm_up_keeping import Way
from engine.warm_up_tasks import due
from storage.database import Database
from storage.kinds import ActionKind, ActionState, Landing, WarmUpPreset
from storage.tables import Action, Lane, Mailbox, QuotaUse, WarmUpMessage
from tests import makers
from tests.bed.bed import Bed

LOOPBACK = NetworkGuard.allowing(["127.0.0.0/8"])
# The last Monday's opening: the servers date what arrives by the wall's clock, so the moved one must not run far from it.
OPENS = (clock.now() - timedelta(days=clock.now().weekday())).replace(hour=9, minute=0, second=0, microsecond=0)
JUNKED = "carol.test"  # the bed's hosts file everything from here to Junk
_SENT = (ActionState.ACCEPTED, ActionState.CONFIRMED)


def key_for(_session: Session) -> bytes:
    return b"a key of these tests"


@dataclass
class Pool:
    """`boxes` by id; those at an even place may be rescued."""

    database: Database
    bed: Bed
    boxes: list[int]
    addresses: dict[int, str]
    workspace: int
    now: datetime = OPENS

    @property
    def may_rescue(self) -> set[int]:
        return set(self.boxes[::2])

    def account(self, _session: Session, mailbox: Mailbox) -> MailAccount:
        return self.bed.account(mailbox.address)

    def hands(self) -> Hands:
        channel = EmailChannel(LOOPBACK, lambda: self.now, self.bed.ca_file)
        return with_warm_up(Hands(channel, self.account, letter_writer(key_for)))

    def start(self, *boxes: int) -> None:
        for box in boxes:
            with self.database.write() as session:
                warm_up.start(makers.desk(session, self.workspace, now=self.now), mailbox_id=box)

    def work_until(self, end: datetime) -> None:
        """The worker's turns: the clock jumps to the next wake-up of a lane or, at the latest, to the next full hour."""
        while self.now < end:
            warm_up_keeping.keep(self.database, self.now)
            self.send()
            if self.now.minute == 0:
                self.visit()
            hour = self.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            self.now = min(hour, self.next_wake() or hour)

    def next_wake(self) -> datetime | None:
        with self.database.read() as session:
            return session.scalar(select(func.min(Lane.wake_at)).where(Lane.wake_at > self.now))

    def send(self) -> None:
        with self.database.read() as session:
            lanes = agenda.due_lanes(session, self.now, 200)
        for lane in lanes:
            while attend(self.database, lane, lambda: self.now, "worker-1", self.hands()).action_id is not None:
                pass

    def visit(self) -> None:
        with self.database.read() as session:
            ids = due(session, self.now, 100)
        opener = warm_up_keeping.opener(LOOPBACK, self.bed.ca_file)
        warm_up_keeping.visit_all(self.database, ids, Way(self.account, key_for, opener), lambda: self.now)

    def messages(self) -> list[WarmUpMessage]:
        with self.database.read() as session:
            found = select(WarmUpMessage).join(Action, Action.id == WarmUpMessage.action_id).where(Action.state.in_(_SENT))
            return list(session.scalars(found.order_by(WarmUpMessage.id)))


def make_pool(database: Database, bed: Bed, number: int, domains: tuple[str, ...]) -> Pool:
    with database.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        workspace = makers.workspace(session).id
        addresses = {}
        for place in range(number):
            owner = makers.identity(session, workspace, first_name=f"Ada{place}", zone="Etc/UTC")
            address = bed.new_address("warm", domains[place % len(domains)])
            box = makers.mailbox(session, owner, address=address, junk_folder="Junk", sent_folder="Sent", gap_seconds=600)
            addresses[box.id] = address
            language = list(warm_up_pool.LANGUAGES)[place % 6]
            desk = makers.desk(session, workspace)
            warm_up_membership.set_handling(desk, mailbox_id=box.id, may_rescue=place % 2 == 0, language=language)
        makers.checked(session)
    return Pool(database, bed, list(addresses), addresses, workspace)


def check_plan_and_hours(pool: Pool, warming: list[int]) -> Counter[tuple[int, object]]:
    """Each address and day within its plan, nothing outside hours, no campaign quota; answers mails by sender and day."""
    with pool.database.read() as session:
        rows = session.execute(
            select(WarmUpMessage.sender_id, WarmUpMessage.warm_up_id, Action.sending_at, Action.identity_id)
            .join(Action, Action.id == WarmUpMessage.action_id)
            .where(Action.sending_at.is_not(None))
        ).all()
        days: dict[int, list[object]] = defaultdict(list)
        per_day: Counter[tuple[int, object]] = Counter()
        for sender, _, at, identity in rows:
            per_day[sender, at.date()] += 1
            assert window_at(working_hours(session, [identity], at)[identity], at) is not None, at
        for sender, day in sorted(per_day, key=lambda one: (one[0], str(one[1]))):
            days[sender].append(day)
        for (sender, day), number in per_day.items():
            turn = days[sender].index(day) + 1
            most = rules.varied(WarmUpPreset.USUAL, turn, pool.addresses[sender], day)  # type: ignore[arg-type]
            assert number <= (most if sender in warming else rules.HELP_A_DAY), (sender, day, number, most)
        assert session.scalar(select(func.sum(QuotaUse.used)).where(QuotaUse.kind == ActionKind.EMAIL)) is None
    return per_day


def check_only_the_pool_got_mail(pool: Pool, sent: list[WarmUpMessage]) -> int:
    """Asked of the server itself: its log of everything that the pool's addresses handed in, and how many that is."""
    assert {one.recipient_id for one in sent} <= set(pool.boxes)
    log = (pool.bed.folder / "log/postfix.log").read_text().splitlines()
    ours = set(pool.addresses.values())
    senders = [line for line in log if "from=<warm" in line and "qmgr" in line]
    ids = {line.split("qmgr")[1].split(": ")[1] for line in senders if line.split("from=<")[1].split(">")[0] in ours}
    to = [line for line in log if "to=<" in line and "status=" in line and line.split(": ")[1] in ids]
    assert to
    assert {line.split("to=<")[1].split(">")[0] for line in to} <= ours
    assert all("status=sent" in line for line in to)
    return len(to)


def check_rescues(pool: Pool, sent: list[WarmUpMessage], settled: datetime) -> Counter[str]:
    """Junk is where the junked domain's mails land, and rescued is what may be, of what was sent before `settled`."""
    junked = {box for box, address in pool.addresses.items() if address.endswith(f"@{JUNKED}")}
    seen: Counter[str] = Counter()
    for one in sent:
        if one.seen_at is None:
            continue
        spam = one.sender_id in junked
        assert (one.landed is Landing.SPAM) == spam, (one.subject, one.landed)
        may = one.recipient_id in pool.may_rescue
        assert one.rescued_at is None or (spam and may)
        if spam and may and one.planned_day < settled.date():
            assert one.rescued_at is not None, (one.id, one.planned_day, one.seen_at, one.answers_id)
        seen["rescued" if one.rescued_at else "left in Junk" if spam else "inbox"] += 1
    return seen


def check_folders(pool: Pool, sent: list[WarmUpMessage], settled: datetime) -> int:
    """What was read lies in the own folder, in its thread; the inbox is clean; the folder is bounded; says the fullest."""
    by_id = {one.id: one for one in sent}
    fullest = 0
    for box, address in pool.addresses.items():
        mine = [one for one in sent if one.recipient_id == box]
        folder = pool.bed.mails(address, "Warm-up") if any(one.filed_at for one in mine) else []
        fullest = max(fullest, len(folder))
        filed, inbox = (
            {mail["Message-ID"]: mail for mail in folder},
            {mail["Message-ID"] for mail in pool.bed.mails(address)},
        )
        assert len(filed) == len(folder), "a mail lies there twice"
        assert len(folder) <= KEPT + 60
        for one in mine:
            assert one.filed_at is None or one.message_id not in inbox
            assert one.filed_at is not None or one.message_id not in filed
            assert one.message_id not in inbox or one.planned_day >= settled.date(), one.subject
            if one.answers_id is not None and one.message_id in filed:
                assert filed[one.message_id]["In-Reply-To"] == by_id[one.answers_id].message_id
                assert filed[one.message_id]["Subject"] == f"Re: {by_id[one.answers_id].subject}"
    return fullest
