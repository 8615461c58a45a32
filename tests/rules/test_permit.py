"""The gates of a verdict, one by one and in order."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.rules.facts import ClockUse, Note, Refuse, Run, Verdict, Wait, WroteBy
from engine.rules.permit import explain, permit, still_permitted
from storage.kinds import (
    ActionKind,
    CampaignState,
    Gate,
    LeadState,
    LinkedInState,
    MailboxState,
    QuotaClock,
    Reason,
    StopScope,
)
from tests.rules.situations import EVERY_DAY, MONDAY, facts, hours, utc

NOBODY_KNOWS = None
CLOSING = utc("2026-11-23 17:00")
TUESDAY_OPENING = utc("2026-11-24 08:00")
SUNDAY = utc("2026-11-29 12:00")
NEXT_MONDAY_OPENING = utc("2026-11-30 08:00")
INVITATION = {"kind": ActionKind.CONNECTION_REQUEST, "linkedin": LinkedInState.CONNECTED}
SCRAPING = {"kind": ActionKind.SCRAPING, "linkedin": LinkedInState.CONNECTED, "campaign": None, "lead": None}
WARM_UP = {"kind": ActionKind.WARM_UP_MAIL, "campaign": None, "lead": None}


def full(clock: QuotaClock, limit: int = 100, frees_at: datetime | None = None) -> ClockUse:
    return ClockUse(clock, limit, limit, frees_at)


def test_nothing_in_the_way_runs_until_the_window_closes() -> None:
    assert permit(facts(), MONDAY) == Run(CLOSING)


# what stands in the way, what is said
OBSTACLES: list[tuple[dict[str, Any], Verdict]] = [
    # stop
    ({"stop": StopScope.INSTALLATION}, Wait(Reason.STOPPED_INSTALLATION, NOBODY_KNOWS)),
    ({"stop": StopScope.WORKSPACE}, Wait(Reason.STOPPED_WORKSPACE, NOBODY_KNOWS)),
    ({"stop": StopScope.IDENTITY}, Wait(Reason.STOPPED_IDENTITY, NOBODY_KNOWS)),
    ({"quarantined": True}, Wait(Reason.QUARANTINED, NOBODY_KNOWS)),
    # clock and counts
    (
        {"latest_event_at": MONDAY + timedelta(minutes=121)},
        Wait(Reason.CLOCK_WENT_BACK, MONDAY + timedelta(minutes=121)),
    ),
    ({"uses": None}, Wait(Reason.COUNT_UNREADABLE, NOBODY_KNOWS)),
    # campaign, lead, order, suppression
    ({"campaign": CampaignState.DRAFT}, Wait(Reason.CAMPAIGN_DRAFT, NOBODY_KNOWS)),
    ({"campaign": CampaignState.PAUSED}, Wait(Reason.CAMPAIGN_PAUSED, NOBODY_KNOWS)),
    ({"campaign": CampaignState.FINISHED}, Refuse(Reason.CAMPAIGN_FINISHED)),
    ({"lead": LeadState.REPLIED}, Refuse(Reason.LEAD_REPLIED)),
    ({"lead": LeadState.BOUNCED}, Refuse(Reason.LEAD_BOUNCED)),
    ({"lead": LeadState.UNSUBSCRIBED}, Refuse(Reason.LEAD_UNSUBSCRIBED)),
    ({"lead": LeadState.STOPPED}, Refuse(Reason.LEAD_STOPPED)),
    ({"lead": LeadState.FAILED}, Refuse(Reason.LEAD_FAILED)),
    ({"lead": LeadState.FINISHED}, Refuse(Reason.LEAD_FINISHED)),
    ({"lead": LeadState.LEFT_OUT}, Refuse(Reason.SUPPRESSED)),
    ({"lead_paused": Reason.SOFT_BOUNCES}, Wait(Reason.SOFT_BOUNCES, NOBODY_KNOWS)),
    ({"lead_paused": Reason.SOFT_BOUNCES, "lead": LeadState.REPLIED}, Refuse(Reason.LEAD_REPLIED)),
    (
        {**INVITATION, "wrote_by": WroteBy("a", MailboxState.REFUSED, False)},
        Wait(Reason.REPLY_OUT_OF_SIGHT, NOBODY_KNOWS),
    ),
    ({**INVITATION, "wrote_by": WroteBy("a", MailboxState.DEGRADED, True)}, Wait(Reason.POST_UNREAD, NOBODY_KNOWS)),
    ({"awaiting_acceptance": True}, Wait(Reason.NOT_ACCEPTED_YET, NOBODY_KNOWS)),
    ({"earlier_step_open": True}, Wait(Reason.EARLIER_STEP_OPEN, NOBODY_KNOWS)),
    ({"suppressed": True}, Refuse(Reason.SUPPRESSED)),
    # connection
    ({"mailbox": None}, Wait(Reason.NEVER_CONNECTED, NOBODY_KNOWS)),
    ({"mailbox": MailboxState.NEVER}, Wait(Reason.NEVER_CONNECTED, NOBODY_KNOWS)),
    ({"mailbox": MailboxState.RECONNECT_NEEDED}, Wait(Reason.RECONNECT_NEEDED, NOBODY_KNOWS)),
    ({"mailbox": MailboxState.WAITING_FOR_APPROVAL}, Wait(Reason.WAITING_FOR_APPROVAL, NOBODY_KNOWS)),
    ({"mailbox": MailboxState.REFUSED}, Wait(Reason.APPROVAL_REFUSED, NOBODY_KNOWS)),
    ({"mailbox": MailboxState.DISABLED_BY_TENANT}, Wait(Reason.DISABLED_BY_TENANT, NOBODY_KNOWS)),
    ({"mailbox": MailboxState.DISCONNECTED}, Wait(Reason.DISCONNECTED, NOBODY_KNOWS)),
    ({"address_paused": True}, Wait(Reason.ADDRESS_PAUSED, NOBODY_KNOWS)),
    ({"post_unread": True}, Wait(Reason.POST_UNREAD, NOBODY_KNOWS)),
    ({**WARM_UP, "post_unread": True}, Run(CLOSING)),
    ({**INVITATION, "linkedin": None}, Wait(Reason.NEVER_CONNECTED, NOBODY_KNOWS)),
    ({**INVITATION, "linkedin": LinkedInState.NEVER}, Wait(Reason.NEVER_CONNECTED, NOBODY_KNOWS)),
    ({**INVITATION, "linkedin": LinkedInState.CODE_NEEDED}, Wait(Reason.CHECKPOINT, NOBODY_KNOWS)),
    ({**INVITATION, "linkedin": LinkedInState.APPROVE_IN_APP}, Wait(Reason.CHECKPOINT, NOBODY_KNOWS)),
    ({**INVITATION, "linkedin": LinkedInState.CAPTCHA}, Wait(Reason.CHECKPOINT, NOBODY_KNOWS)),
    ({**INVITATION, "linkedin": LinkedInState.LOGGED_OUT}, Wait(Reason.RECONNECT_NEEDED, NOBODY_KNOWS)),
    ({**INVITATION, "linkedin": LinkedInState.RESTRICTED}, Wait(Reason.RESTRICTED, NOBODY_KNOWS)),
    ({**INVITATION, "linkedin": LinkedInState.DISCONNECTED}, Wait(Reason.DISCONNECTED, NOBODY_KNOWS)),
    ({**INVITATION, "consent": False}, Wait(Reason.CONSENT_MISSING, NOBODY_KNOWS)),
    # warm-up, cool-down, freeze
    ({"warming_up": True}, Wait(Reason.WARMING_UP, NOBODY_KNOWS)),
    ({**INVITATION, "cool_down_until": SUNDAY}, Wait(Reason.COOL_DOWN, NEXT_MONDAY_OPENING)),
    ({"frozen_until": MONDAY + timedelta(hours=1)}, Wait(Reason.FROZEN, MONDAY + timedelta(hours=1))),
    ({"slow_until": MONDAY + timedelta(hours=1)}, Wait(Reason.SERVER_SLOW, MONDAY + timedelta(hours=1))),
    ({"slow_until": MONDAY + timedelta(days=1), "frozen_until": CLOSING}, Wait(Reason.FROZEN, TUESDAY_OPENING)),
    # due
    ({"due_at": MONDAY + timedelta(hours=1)}, Wait(Reason.NOT_DUE_YET, MONDAY + timedelta(hours=1))),
    ({"due_at": CLOSING}, Wait(Reason.NOT_DUE_YET, TUESDAY_OPENING)),
    (
        {"due_at": MONDAY + timedelta(minutes=15), "failed_before": True},
        Wait(Reason.RETRY_LATER, MONDAY + timedelta(minutes=15)),
    ),
    # hours
    ({"hours": hours(start=12 * 60)}, Wait(Reason.OUTSIDE_HOURS, utc("2026-11-23 11:00"))),
    ({"hours": hours(days=frozenset())}, Wait(Reason.NO_HOURS, NOBODY_KNOWS)),
    # limits
    ({"uses": (ClockUse(QuotaClock.LOCAL_DAY, 0, 0),)}, Wait(Reason.LIMIT_ZERO, NOBODY_KNOWS)),
    ({"uses": (full(QuotaClock.LOCAL_DAY, 20),)}, Wait(Reason.DAY_LIMIT, TUESDAY_OPENING)),
    (  # the zone was moved west, and Tuesday is spent already
        {"uses": (full(QuotaClock.LOCAL_DAY, 20, utc("2026-11-24 23:00")),)},
        Wait(Reason.DAY_LIMIT, TUESDAY_OPENING + timedelta(days=1)),
    ),
    (SCRAPING | {"has_seat": False}, Wait(Reason.NO_SEAT, NOBODY_KNOWS)),
    (SCRAPING | {"shared": full(QuotaClock.LOCAL_DAY, 3)}, Wait(Reason.SHARE_USED_UP, TUESDAY_OPENING)),
    (SCRAPING | {"shared": ClockUse(QuotaClock.LOCAL_DAY, 0, 2)}, Wait(Reason.NOT_SHARED, NOBODY_KNOWS)),
    (
        SCRAPING | {"shared": ClockUse(QuotaClock.LOCAL_DAY, 0, 2), "uses": (full(QuotaClock.LOCAL_DAY, 20),)},
        Wait(Reason.DAY_LIMIT, TUESDAY_OPENING),
    ),
    ({"uses": (ClockUse(QuotaClock.LOCAL_DAY, 10, 15),)}, Wait(Reason.DAY_LIMIT, TUESDAY_OPENING)),  # lowered at noon
    (
        {"uses": (full(QuotaClock.ROLLING_24_HOURS, frees_at=MONDAY + timedelta(hours=2)),)},
        Wait(Reason.ROLLING_24_HOURS_LIMIT, MONDAY + timedelta(hours=2)),
    ),
    (
        {"uses": (full(QuotaClock.ROLLING_7_DAYS, frees_at=SUNDAY),)},
        Wait(Reason.ROLLING_7_DAYS_LIMIT, NEXT_MONDAY_OPENING),
    ),
    (
        {"uses": (full(QuotaClock.ROLLING_24_HOURS, frees_at=CLOSING), full(QuotaClock.ROLLING_30_DAYS, 5, SUNDAY))},
        Wait(Reason.ROLLING_30_DAYS_LIMIT, NEXT_MONDAY_OPENING),
    ),
    (
        {"uses": (full(QuotaClock.ROLLING_24_HOURS), full(QuotaClock.ROLLING_30_DAYS, 5, SUNDAY))},
        Wait(Reason.ROLLING_24_HOURS_LIMIT, NOBODY_KNOWS),  # only a higher limit helps
    ),
    ({"uses": (ClockUse(QuotaClock.ROLLING_7_DAYS, 0, 0, SUNDAY),)}, Wait(Reason.LIMIT_ZERO, NOBODY_KNOWS)),
    (
        {"uses": (full(QuotaClock.NOTES_30_DAYS, 5, SUNDAY),), "note": Note.NEEDED},
        Wait(Reason.NOTES_LIMIT, NEXT_MONDAY_OPENING),
    ),
    ({"uses": (full(QuotaClock.PENDING_TOTAL, 1000),)}, Wait(Reason.PENDING_LIMIT, NOBODY_KNOWS)),
    # pacing and what is in flight
    (
        {"uses": (), "last_effect_at": MONDAY - timedelta(minutes=4)},
        Wait(Reason.PACING, MONDAY + timedelta(minutes=6)),
    ),
    (
        {"in_flight": True, "in_flight_until": MONDAY + timedelta(minutes=2)},
        Wait(Reason.IN_FLIGHT, MONDAY + timedelta(minutes=2)),
    ),
    (
        {"in_flight": True, "in_flight_until": MONDAY - timedelta(minutes=2)},
        Wait(Reason.IN_FLIGHT, NOBODY_KNOWS),  # its lease has run out: it is looked up first
    ),
]


@pytest.mark.parametrize(("values", "verdict"), OBSTACLES)
def test_an_obstacle_is_named_with_the_time_at_which_it_ends(values: dict[str, Any], verdict: Verdict) -> None:
    assert permit(facts(**values), MONDAY) == verdict


def test_every_gate_has_its_obstacle_in_the_table() -> None:
    failing = {each.gate for values, _ in OBSTACLES for each in explain(facts(**values), MONDAY) if not each.passed}
    assert failing == set(Gate)


@pytest.mark.parametrize(
    "values",
    [
        {"latest_event_at": MONDAY + timedelta(minutes=2)},  # two processes' clocks
        {**WARM_UP, "warming_up": True},
        {"cool_down_until": SUNDAY},  # holds invitations only
        {**INVITATION, "cool_down_until": MONDAY},
        {**INVITATION, "address_paused": True, "mailbox": None, "warming_up": False},
        {"linkedin": LinkedInState.RESTRICTED, "consent": False},  # says nothing about e-mail
        {"mailbox": MailboxState.DEGRADED},
        {"frozen_until": MONDAY, "slow_until": MONDAY},
        {"due_at": MONDAY, "failed_before": True},
        {"uses": ()},
        {"last_effect_at": utc("2026-11-20 10:00"), "last_of_kind_at": utc("2026-11-20 10:00")},
        {"uses": (ClockUse(QuotaClock.PENDING_TOTAL, 1000, 999),)},
        {"uses": (full(QuotaClock.NOTES_30_DAYS, 5, SUNDAY),), "note": Note.DROPPABLE},  # it goes out without
        {"uses": (full(QuotaClock.NOTES_30_DAYS, 5, SUNDAY),)},
    ],
)
def test_what_does_not_stand_in_the_way(values: dict[str, Any]) -> None:
    assert permit(facts(**values), MONDAY) == Run(CLOSING)


def test_the_gates_are_asked_in_the_order_of_the_enum() -> None:
    assert tuple(each.gate for each in explain(facts(), MONDAY)) == tuple(Gate)


def test_with_everything_wrong_stop_is_said_first() -> None:
    everything: dict[str, Any] = {"stop": StopScope.IDENTITY, "uses": None, "suppressed": True, "mailbox": None}
    assert permit(facts(**everything), MONDAY) == Wait(Reason.STOPPED_IDENTITY, None)
    assert permit(facts(**{**everything, "stop": None}), MONDAY) == Wait(Reason.COUNT_UNREADABLE, None)


def test_a_lead_that_replied_is_refused_even_outside_hours() -> None:
    assert permit(facts(lead=LeadState.REPLIED), SUNDAY) == Refuse(Reason.LEAD_REPLIED)


def test_a_full_day_inside_an_overnight_window_waits_for_midnight_only() -> None:
    night = facts(hours=hours(start=22 * 60, end=6 * 60, days=EVERY_DAY), uses=(full(QuotaClock.LOCAL_DAY, 20),))
    assert permit(night, utc("2026-11-23 22:00")) == Wait(Reason.DAY_LIMIT, utc("2026-11-23 23:00"))  # 00:00 in Madrid
    assert permit(night, utc("2026-11-23 23:30")) == Wait(Reason.DAY_LIMIT, utc("2026-11-24 23:00"))


def test_in_an_overnight_window_it_must_begin_before_midnight_when_another_days_quota_begins() -> None:
    night = facts(hours=hours(start=22 * 60, end=6 * 60, days=EVERY_DAY), uses=())
    assert permit(night, utc("2026-11-23 22:00")) == Run(utc("2026-11-23 23:00"))
    assert permit(night, utc("2026-11-23 23:30")) == Run(utc("2026-11-24 05:00"))


def test_a_full_day_where_midnight_does_not_exist_waits_for_one_oclock() -> None:
    cairo = facts(hours=hours("Africa/Cairo", 0, 1440, EVERY_DAY), uses=(full(QuotaClock.LOCAL_DAY, 20),))
    assert permit(cairo, utc("2026-04-23 12:00")) == Wait(Reason.DAY_LIMIT, utc("2026-04-23 22:00"))


def test_the_last_gate_asks_all_but_what_the_action_already_holds() -> None:
    holding = facts(uses=(full(QuotaClock.LOCAL_DAY, 20),), in_flight=True, last_effect_at=MONDAY)
    assert still_permitted(holding, MONDAY) is None
    assert still_permitted(replace(holding, suppressed=True), MONDAY) == Refuse(Reason.SUPPRESSED)
    assert still_permitted(replace(holding, stop=StopScope.WORKSPACE), MONDAY) == Wait(Reason.STOPPED_WORKSPACE, None)
    assert still_permitted(replace(holding, uses=None), MONDAY) == Wait(Reason.COUNT_UNREADABLE, None)
    assert still_permitted(holding, CLOSING) == Wait(Reason.OUTSIDE_HOURS, TUESDAY_OPENING)


def test_each_gate_shows_its_values() -> None:
    uses = (ClockUse(QuotaClock.LOCAL_DAY, 20, 12), ClockUse(QuotaClock.ROLLING_7_DAYS, 100, 60))
    shown = {each.gate: each.detail for each in explain(facts(uses=uses, hours=hours()), MONDAY)}
    assert "12 of 20 used today" in shown[Gate.DAY_LIMIT]
    assert "60 of 100 used in 7 days" in shown[Gate.ROLLING_LIMITS]
    assert "09:00–18:00 Madrid, Mon" in shown[Gate.HOURS]
    assert "10 min" in shown[Gate.PACING]
    assert all(shown.values())
