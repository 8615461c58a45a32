"""The whole story on real mail servers: from the first start to a quota report whose figures lie in the mailboxes."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from practice.moved_clock import set_clock
from storage.database import Database
from tests.bed.bed import Bed, wait_until
from tests.end_to_end import evidence
from tests.end_to_end.manager import Person
from tests.live import LivePanel

BEFORE_WORK = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)  # Monday, 08:30 in Madrid and 02:30 in New York
NOON = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)  # 16:30 in Madrid, 10:30 in New York
FRIDAY = datetime(2026, 12, 4, 23, 0, tzinfo=UTC)
ZONES = {"Alba": ZoneInfo("Europe/Madrid"), "Wesley": ZoneInfo("America/New_York")}
LEADS = 6
LIMIT = 4  # a day, for Alba: two steps of six leads need three days
pytestmark = [pytest.mark.bed, pytest.mark.browser]


@dataclass
class World:
    """The panel with its worker, the mail servers, and the clock that all of them live by."""

    live: LivePanel
    bed: Bed
    clock: Path
    database: Database

    def move_to(self, instant: datetime) -> None:
        set_clock(self.clock, datetime.now(UTC), instant)  # noqa: TID251 - the test is the one who moves it

    def run_until(self, end: datetime) -> None:
        """Jump from one wake-up to the next, as a clock would reach them, and let everything due happen."""
        while (wake := evidence.next_wake(self.database)) is not None and wake < end:
            self.move_to(wake + timedelta(seconds=1))
            wait_until(lambda wake=wake: evidence.is_done(self.database, wake), f"all that is due at {wake}", 30)
        self.move_to(end)


@pytest.fixture
def world(bed: Bed, tmp_path: Path) -> Iterator[World]:
    clock = tmp_path / "clock"
    set_clock(clock, datetime.now(UTC), BEFORE_WORK)  # noqa: TID251
    live = LivePanel(tmp_path / "live", {"OUTPOST_CLOCK": str(clock), "SSL_CERT_FILE": bed.ca_file}).start()
    wait_until(live.is_well, "panel and worker to be well", 30)
    database = live.database()
    yield World(live, bed, clock, database)
    database.close()
    live.stop()


def test_from_the_first_start_to_a_report_that_proves_every_mail(world: World, browser: Browser) -> None:
    bed = world.bed
    senders = {name: bed.new_address(name.lower(), "alpha.test") for name in ZONES}
    leads = {name: [bed.new_address(f"lead-of-{name.lower()}", "bravo.test") for _ in range(LEADS)] for name in ZONES}

    olga = Person.arrive(browser, world.live.address, "olga@agency.test")
    olga.make_the_owner()
    olga.allow_this_computer()
    for name, zone in ZONES.items():
        olga.add_identity(name, "Montoro", zone.key.replace("_", " "))
        olga.connect(senders[name], bed)
        if name == "Alba":
            olga.limit_to(LIMIT)
    for name, people in leads.items():
        olga.make_campaign(f"Pallets of {name}", name, _csv(people))
        olga.launch(LEADS)
    assert evidence.began(world.database) == []

    world.run_until(NOON)
    before = evidence.began(world.database)
    assert {one.identity for one in before} == {"Alba", "Wesley"}
    olga.press_stop()
    world.move_to(NOON + timedelta(hours=2))
    wait_until(lambda: evidence.worker_looked_after(world.database, NOON + timedelta(hours=2)), "the worker to look", 30)
    assert evidence.began(world.database) == before
    olga.release()
    link = olga.invite_ops("odo@agency.test")

    world.run_until(FRIDAY)
    _assert_inside_hours(evidence.began(world.database))
    _assert_mailboxes_agree(world, senders, leads)

    odo = Person.arrive(browser, world.live.address, "odo@agency.test")
    odo.join(link)
    report = odo.quota_report()
    assert _sums(report, "sent") == {"Alba Montoro": 2 * LEADS, "Wesley Montoro": 2 * LEADS}
    assert _sums(report, "spent") == _sums(report, "sent")
    assert all(int(row["spent"]) <= int(row["limit"]) for row in report)
    expect(odo.proof().get_by_text("0 breaches").or_(odo.page.get_by_text("No breach")).first).to_be_visible()


def _assert_inside_hours(began: list[evidence.Began]) -> None:
    for one in began:
        local = one.at.astimezone(ZONES[one.identity])
        assert local.isoweekday() <= 5
        assert 9 <= local.hour < 18, one
    per_day = Counter((one.identity, one.at.astimezone(ZONES[one.identity]).date()) for one in began)
    assert max(number for (name, _), number in per_day.items() if name == "Alba") == LIMIT


def _assert_mailboxes_agree(world: World, senders: dict[str, str], leads: dict[str, list[str]]) -> None:
    ledger = evidence.sent_in_ledger(world.database)
    for name, people in leads.items():
        inboxes = {person: world.bed.wait_for_mails(person, 2) for person in people}
        assert {person: len(mails) for person, mails in inboxes.items()} == dict.fromkeys(people, 2)
        assert ledger[senders[name]] == sum(map(len, inboxes.values())) == len(world.bed.mails(senders[name], "Sent"))
        for first, second in inboxes.values():
            assert evidence.sender_of(first) == evidence.sender_of(second) == senders[name]
            assert second["In-Reply-To"] == first["Message-ID"]
            assert str(first["Message-ID"]) in str(second["References"])
            assert second["Subject"] == f"Re: {first['Subject']}"
            for mail in (first, second):
                assert 9 <= evidence.date_of(mail).astimezone(ZONES[name]).hour < 18


def _sums(report: list[dict[str, str]], column: str) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in report:
        sums[row["identity"]] += int(row[column])
    return dict(sums)


def _csv(people: list[str]) -> Path:
    rows = [f"{address};Marie;Curie {number};Radium Ltd" for number, address in enumerate(people)]
    file = Path(tempfile.mkdtemp()) / "leads.csv"
    file.write_text("\n".join(["E-mail;First name;Last name;Company", *rows]), encoding="utf-8")
    return file
