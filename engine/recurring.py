"""What recurs beside the lanes: each piece is named here and timed on the one page, engine/queue.py.

Every piece looks for what is due. What must not be done twice (a mail, a refresh, a code) is claimed in the database; what
may be, such as a look at a domain, two workers that are at it at once may do twice, and it changes nothing.
"""

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from engine import (
    agenda,
    alert_deliveries,
    bounce_rates,
    clock,
    cut_off_sign_ins,
    domain_checks,
    giving_back,
    grants,
    linkedin_looks,
    linkedin_withdrawals,
    long_jobs,
    mailbox_probes,
    old_sign_ins,
    own_mails,
    provider_sign_in,
    reading_rounds,
    scrape_keeping,
    warm_up_keeping,
)
from engine.channels.effects import MailAccount
from engine.connections import domain_records
from engine.counter import Counter
from engine.grants import tokens_of
from engine.incoming_keeping import Keys
from engine.installation import Outpost
from engine.linkedin_browsing import SignIns
from engine.mail_accounts import account_for
from engine.troubles import Troubles
from engine.turns import Turns
from engine.wards import Wards
from engine.warm_up_key import key_for
from storage.tables import Mailbox


@dataclass
class Recurring:
    """For the threads of one worker; `wards` are told of a thread that does something else than lanes meanwhile."""

    outpost: Outpost
    wards: Wards
    counter: Counter
    troubles: Troubles
    sign_ins: SignIns | None
    stopping: Callable[[], bool]
    _visiting: threading.Lock = field(default_factory=threading.Lock)
    _reading: Turns = field(default_factory=Turns)
    _reading_ill: Turns = field(default_factory=Turns)
    _telling: Turns = field(default_factory=Turns)
    _signing_in: Turns = field(default_factory=Turns)  # slow: it asks Google and Microsoft
    _jobs: Turns = field(default_factory=Turns)

    def every_minute(self) -> None:
        database, now = self.outpost.database, clock.now()
        with self.wards.aside():
            self.troubles.guard("probes", lambda: mailbox_probes.probe_due(database, self._accounts(), now))
        self._signing_in.take(lambda: self.troubles.guard("sign-ins", self._sign_ins))
        # Two at the same job would write in each other's rests, in which others are to get at the database.
        self._jobs.take(lambda: self.troubles.guard("imports and launches", self._long_jobs))
        self.troubles.guard("warm-up", lambda: warm_up_keeping.keep(database, now))

    def _accounts(self) -> Callable[[Session, Mailbox], MailAccount]:
        return account_for(self.outpost.vault, tokens_of(self.outpost, clock.now))

    def _long_jobs(self) -> None:
        long_jobs.carry_on(self.outpost.database, clock.now())

    def _sign_ins(self) -> None:
        """No mail waits for a token, and what nobody uses any more, or nobody got to keep, is given back."""
        grants.refresh_due(tokens_of(self.outpost, clock.now))
        cut_off_sign_ins.settle_due(tokens_of(self.outpost, clock.now))
        giving_back.give_back_due(tokens_of(self.outpost, clock.now))
        with self.outpost.database.write() as session:
            provider_sign_in.forget_old(session, clock.now())

    def visit(self) -> None:
        """Mail servers and DNS may be slow: a thread of its own, and a round that lasts longer lets the next one pass."""
        if not self._visiting.acquire(blocking=False):
            return
        try:
            with self.wards.aside():
                database, key = self.outpost.database, key_for(self.outpost.vault)
                self.troubles.guard("visits", lambda: warm_up_keeping.visit_due(database, self._accounts(), key, clock.now))
                if not self.outpost.config.practice:  # its domains are nobody's, and nothing is to leave the computer
                    look = functools.partial(domain_records.look, ask=domain_records.asker())
                    self.troubles.guard("domain checks", lambda: domain_checks.check_due(database, look, clock.now()))
                self.troubles.guard("mails to oneself", lambda: own_mails.carry_on(database, self._accounts(), clock.now))
        finally:
            self._visiting.release()

    def tell(self) -> None:
        """Alerts outside the panel; a slow webhook or mail server keeps only the other alerts waiting."""
        post = alert_deliveries.Post(self.outpost.vault, self.outpost.config.public_url)
        database = self.outpost.database
        tell = functools.partial(alert_deliveries.deliver_due, database, post, clock.now)
        self._telling.take(lambda: self.troubles.guard("telling of alerts", tell))

    def read_mail(self) -> None:
        """By itself, as visits are; and the addresses that can't be read, apart from all others."""
        ill = functools.partial(self._read, ill=True)
        self._reading_ill.take_beside("reading", lambda: self.troubles.guard("reading of slow mail", ill))
        with self.wards.aside():
            self._reading.take(lambda: self.troubles.guard("reading of mail", lambda: self._read(ill=False)))

    def _read(self, *, ill: bool) -> None:
        vault, database = self.outpost.vault, self.outpost.database
        with database.read() as session:
            keys = Keys(key_for(vault)(session), vault)
        reader = reading_rounds.reader(database, self._accounts(), keys, writer=self.counter)
        reading_rounds.read_due(database, reader, clock.now, ill=ill, may_go_on=lambda: not self.stopping())

    def every_ten_minutes(self) -> None:
        self.troubles.guard("sweep", lambda: self.outpost.database.do(lambda session: agenda.sweep(session, clock.now())))
        self.troubles.guard("old sign-ins", lambda: old_sign_ins.forget_old(self.outpost.database, clock.now()))
        self.troubles.guard("bounce rates", lambda: bounce_rates.look_again(self.outpost.database, clock.now()))

    def linkedin(self) -> None:
        with self.wards.aside():
            self.troubles.guard("LinkedIn", lambda: self._look_at_linkedin(clock.now()))

    def _look_at_linkedin(self, now: datetime) -> None:
        linkedin_withdrawals.plan_due(self.outpost.database, now)
        scrape_keeping.keep_due(self.outpost.database, now)
        if self.sign_ins is not None:
            linkedin_looks.look_due(self.outpost.database, self.outpost.vault, self.sign_ins.driver, clock.now)
