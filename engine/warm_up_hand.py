"""Warm-up mail's hand: e-mail's own, with the partner's mailbox as a second witness and a pause at the first refusal."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import warm_up_keeping
from engine.channels.effects import Failed, MailAccount, Mailer, Outcome, Trace
from engine.desk import Problem
from engine.email_hand import EmailHand
from engine.hands import Effect, Hands, Inquiry
from engine.warm_up_folders import FOLDER
from storage.kinds import ActionKind
from storage.ledger import Entry
from storage.tables import Lane, Mailbox, WarmUpMessage


def with_warm_up(hands: Hands) -> Hands:
    """The same hands, and one for warm-up mail."""
    return replace(hands, others={**hands.others, ActionKind.WARM_UP_MAIL: WarmUpHand(EmailHand(hands))})


@dataclass(frozen=True, slots=True)
class _TwoWitnesses:
    """The sender's Sent folder and, since both ends are ours, the partner's folders; only the first can prove absence."""

    sent: Inquiry
    mailer: Mailer
    partner: MailAccount
    folders: tuple[str, ...]
    message_id: str

    @property
    def absence_proves(self) -> bool:
        return self.sent.absence_proves

    def look_up(self, seconds: float) -> Trace:
        found = self.sent.look_up(seconds / 2)
        if found is Trace.FOUND:
            return found
        share = seconds / 2 / len(self.folders)
        there = (self.mailer.look_up(replace(self.partner, sent_folder=one), self.message_id, share) for one in self.folders)
        return Trace.FOUND if Trace.FOUND in there else found


@dataclass(frozen=True, slots=True)
class WarmUpHand:
    """Implements `hands.Hand`."""

    email: EmailHand

    def prepare(self, session: Session, entry: Entry, mailbox_id: int | None, now: datetime) -> Effect:
        return self.email.prepare(session, entry, mailbox_id, now)

    def inquiry(self, session: Session, entry: Entry, now: datetime) -> Inquiry | None:
        sent = self.email.inquiry(session, entry, now)
        if sent is None:
            return None
        to = select(Mailbox).join(WarmUpMessage, WarmUpMessage.recipient_id == Mailbox.id)
        mailbox = session.scalars(to.where(WarmUpMessage.action_id == entry.id)).one()
        try:
            partner = self.email.hands.account_for(session, mailbox)
        except Problem:
            return sent
        folders = tuple(dict.fromkeys(filter(None, ("INBOX", mailbox.junk_folder, FOLDER))))
        return _TwoWitnesses(sent, self.email.hands.mailer, partner, folders, entry.message_id or "")

    def settle(self, session: Session, entry: Entry, outcome: Outcome, now: datetime) -> None:
        self.email.settle(session, entry, outcome, now)
        if isinstance(outcome, Failed):  # one refusal is enough: the next mail would say no more
            mailbox_id = session.scalar(select(Lane.mailbox_id).where(Lane.id == entry.lane_id))
            warm_up_keeping.look_again(session, mailbox_id, now)
