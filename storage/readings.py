"""What a verdict needs, read with prepared SQL: the heads of a lane, the facts of actions, limits, and holidays.

These are the statements of the hot path, so they are written once as text: building them anew costs more than running
them. Their columns are given by position, because only then does SQLAlchemy keep how a row is read. SQLite uses a partial
index only where its condition stands in the statement itself, not in a parameter.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Integer, String, bindparam, column, text
from sqlalchemy.orm import Session

from storage.columns import Instant
from storage.kinds import CONSENT_VERSION, FINAL_STATES, ActionKind, ActionState, MailboxState
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import OPEN, Action, Campaign, Identity, Lane, Lead, LimitSetting, Mailbox


def _listed(values: Collection[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


_NOT_FINAL = _listed(frozenset(ActionState) - FINAL_STATES)
_SENT = _listed([state for state in ActionState if state.is_sent])
_UNREADABLE = _listed([state for state in MailboxState if not state.may_be_read])


@dataclass(frozen=True, slots=True)
class Head:
    """The earliest open action of one kind and campaign on a lane."""

    id: int
    kind: ActionKind
    campaign_id: int | None
    due_at: datetime


# However many people have not answered an invitation yet, nobody behind them waits for them; an acceptance wakes the lane.
# A paused lead holds itself alone, and so does one whose reply could lie unread at the address that wrote to it; letting it
# go on, and that reading, wake the lane.
_OWES = "EXISTS (SELECT 1 FROM mail_reading r WHERE r.mailbox_id = {box}.id AND r.owed_since IS NOT NULL)"
_GOT_A_MAIL = f"""a.kind IN ('connection_request', 'linkedin_message') AND EXISTS (
        SELECT 1 FROM action e WHERE e.lead_id = a.lead_id AND e.kind = 'email' AND e.state IN ({_SENT}))"""  # noqa: S608
OF_THE_LEAD_ALONE = f"""EXISTS (SELECT 1 FROM lead_pause p WHERE p.lead_id = a.lead_id AND p.ended_at IS NULL)
    OR a.kind = 'linkedin_message' AND EXISTS (
        SELECT 1 FROM lead d JOIN linkedin_invitation v ON v.identity_id = a.identity_id AND v.profile = d.linkedin_url
        WHERE d.id = a.lead_id AND v.accepted_at IS NULL AND v.withdrawn_at IS NULL)
    OR {_GOT_A_MAIL} AND EXISTS (
        SELECT 1 FROM lead d JOIN mailbox b ON b.id = d.mailbox_id
        WHERE d.id = a.lead_id AND (b.state IN ({_UNREADABLE}) OR {_OWES.format(box="b")}))"""  # noqa: S608 - constants of ours
_FIRST = f"""
    SELECT a.id FROM action a
    WHERE a.lane_id = l.id AND a.kind = k.kind AND a.campaign_id {{campaign}}
      AND a.{OPEN} AND a.id NOT IN :without AND NOT ({OF_THE_LEAD_ALONE})
    ORDER BY a.due_at LIMIT 1"""  # noqa: S608 - the parts are constants of ours
_KINDS = " UNION ALL ".join(f"SELECT '{kind.value}' AS kind, '{kind.channel.value}' AS channel" for kind in ActionKind)
_HEADS = f"""
WITH k AS ({_KINDS})
SELECT h.id, h.kind, h.campaign_id, h.due_at FROM action h WHERE h.id IN (
    SELECT ({_FIRST.format(campaign="= c.id")})
    FROM lane l JOIN k ON k.channel = l.channel
    JOIN campaign c ON c.identity_id = l.identity_id AND c.state = 'running'
    WHERE l.id = :lane_id
    UNION ALL
    SELECT ({_FIRST.format(campaign="IS NULL")})
    FROM lane l JOIN k ON k.channel = l.channel
    WHERE l.id = :lane_id
) ORDER BY h.due_at, h.id"""  # noqa: S608 - the parts are this module's own constants
_HELD = f"""
SELECT a.id, a.kind, a.campaign_id, a.due_at FROM action a
WHERE a.lane_id = :lane_id AND a.{OPEN} AND a.id NOT IN :without LIMIT 1"""  # noqa: S608


def _of_open_actions(sql: str) -> Prepared:
    statement = text(sql).bindparams(bindparam("without", expanding=True))
    return Prepared(statement.columns(Action.id, Action.kind, Action.campaign_id, Action.due_at), "without")


_READ_HEADS, _READ_HELD = _of_open_actions(_HEADS), _of_open_actions(_HELD)


def heads(session: Session, lane_id: int, without: Collection[int] = ()) -> list[Head]:
    """The first open action of every kind in every running campaign of a lane, earliest first.

    When no running campaign has one, the first of all that are held is given, so that it can be said what holds it.
    """
    values = {"lane_id": lane_id, "without": list(without) or [0]}
    connection = connection_of(session)
    rows = _READ_HEADS.rows(connection, values) or _READ_HELD.rows(connection, values)
    return [Head(*row) for row in rows]


_FACTS = Prepared(
    text(
        f"""
SELECT a.id, a.kind, a.state, a.due_at, a.workspace_id, a.identity_id, a.lane_id, a.lead_id,
    a.campaign_id, a.step_id, a.attempt, a.message_id, a.reason, a.wait_until,
    l.mailbox_id, l.last_effect_at, l.holder, l.lease_until, l.epoch AS lane_epoch,
    m.state AS mailbox_state, m.paused_at, m.gap_seconds,
    i.linkedin_state, i.zone, i.work_days, i.work_start, i.work_end, i.holiday_country,
    c.state AS campaign_state, d.state AS lead_state, d.email AS lead_email, d.linkedin_url AS lead_linkedin_url,
    (
        SELECT max(f.until) FROM "freeze" f
        WHERE f.lane_id = a.lane_id AND f.lifted_at IS NULL AND (f.kind IS NULL OR f.kind = a.kind)
            AND f.reason <> 'server_slow'
    ) AS frozen_until,
    (
        SELECT max(f.until) FROM "freeze" f
        WHERE f.lane_id = a.lane_id AND f.lifted_at IS NULL AND f.reason = 'server_slow'
    ) AS slow_until,
    EXISTS (
        SELECT 1 FROM linkedin_consent k
        WHERE k.identity_id = i.id AND k.withdrawn_at IS NULL AND k.version = :wording
    ) AS consent,
    CASE a.kind WHEN 'connection_request' THEN (
        SELECT n.notes_out_until FROM linkedin_account n WHERE n.identity_id = a.identity_id
    ) END AS notes_out_until,
    CASE a.kind WHEN 'connection_request' THEN (
        SELECT CASE WHEN t.body = '' THEN 'none' WHEN t.may_drop_note THEN 'droppable' ELSE 'needed' END
        FROM step t WHERE t.id = a.step_id
    ) END AS note,
    CASE a.kind WHEN 'connection_request' THEN (
        SELECT max(coalesce(v.withdrawn_at, w.sending_at)) FROM linkedin_invitation v
        LEFT JOIN action w ON w.id = v.withdrawal_id AND w.state IN ('sending', 'unknown', 'reconciling', 'parked')
        WHERE v.workspace_id = a.workspace_id AND v.profile = d.linkedin_url AND d.linkedin_url <> ''
    ) END AS withdrawn_at,
    CASE a.kind WHEN 'scraping' THEN (
        SELECT n.has_seat FROM linkedin_account n WHERE n.identity_id = a.identity_id
    ) END AS has_seat,
    CASE a.kind WHEN 'scraping' THEN (
        SELECT n.shared_scrapings FROM scrape_reading g JOIN scrape q ON q.id = g.scrape_id
        JOIN linkedin_account n ON n.identity_id = a.identity_id WHERE g.action_id = a.id AND q.borrowed
    ) END AS shares,
    a.kind = 'linkedin_message' AND EXISTS (
        SELECT 1 FROM linkedin_invitation v WHERE v.identity_id = a.identity_id AND v.profile = d.linkedin_url
            AND v.accepted_at IS NULL AND v.withdrawn_at IS NULL
    ) AS awaiting_acceptance,
    (SELECT p.reason FROM lead_pause p WHERE p.lead_id = a.lead_id AND p.ended_at IS NULL) AS lead_paused,
    {_OWES.format(box="m")} AS post_unread,
    b.address AS wrote_by, b.state AS wrote_by_state, {_OWES.format(box="b")} AS wrote_by_owes,
    EXISTS (SELECT 1 FROM warm_up w WHERE w.mailbox_id = m.id AND w.stopped_at IS NULL) AS warming_up,
    EXISTS (
        SELECT 1 FROM action o WHERE o.lead_id = a.lead_id AND o.id <> a.id AND o.state IN ({_NOT_FINAL})
    ) AS earlier_step_open,
    coalesce((
        SELECT min(CASE s.scope WHEN 'installation' THEN '1installation' WHEN 'workspace' THEN '2workspace'
                   ELSE '3identity' END)
        FROM stop s WHERE s.released_at IS NULL AND (
            s.scope = 'installation' OR (s.scope = 'workspace' AND s.workspace_id = a.workspace_id)
            OR (s.scope = 'identity' AND s.identity_id = a.identity_id))
    ), (SELECT '2workspace' FROM workspace y WHERE y.id = a.workspace_id AND y.archived_at IS NOT NULL)) AS stop,
    EXISTS (SELECT 1 FROM holiday h WHERE h.identity_id = i.id) AS own_holidays,
    (SELECT quarantined_at FROM installation) AS quarantined_at,
    (SELECT max(at) FROM event) AS latest_event_at
FROM action a
JOIN lane l ON l.id = a.lane_id
JOIN identity i ON i.id = a.identity_id
LEFT JOIN mailbox m ON m.id = l.mailbox_id
LEFT JOIN campaign c ON c.id = a.campaign_id
LEFT JOIN lead d ON d.id = a.lead_id
LEFT JOIN mailbox b ON b.id = d.mailbox_id AND {_GOT_A_MAIL}
WHERE a.id IN :ids"""  # noqa: S608
    )
    .bindparams(bindparam("ids", expanding=True))
    .columns(
        Action.id,
        Action.kind,
        Action.state,
        Action.due_at,
        Action.workspace_id,
        Action.identity_id,
        Action.lane_id,
        Action.lead_id,
        Action.campaign_id,
        Action.step_id,
        Action.attempt,
        Action.message_id,
        Action.reason,
        Action.wait_until,
        Lane.mailbox_id,
        Lane.last_effect_at,
        Lane.holder,
        Lane.lease_until,
        Lane.epoch.label("lane_epoch"),
        Mailbox.state.label("mailbox_state"),
        Mailbox.paused_at,
        Mailbox.gap_seconds,
        Identity.linkedin_state,
        Identity.zone,
        Identity.work_days,
        Identity.work_start,
        Identity.work_end,
        Identity.holiday_country,
        Campaign.state.label("campaign_state"),
        Lead.state.label("lead_state"),
        Lead.email.label("lead_email"),
        Lead.linkedin_url.label("lead_linkedin_url"),
        column("frozen_until", Instant()),
        column("slow_until", Instant()),
        column("consent", Boolean()),
        column("notes_out_until", Instant()),
        column("note", String()),
        column("withdrawn_at", Instant()),
        column("has_seat", Boolean()),
        column("shares", Integer()),
        column("awaiting_acceptance", Boolean()),
        column("lead_paused", String()),
        column("post_unread", Boolean()),
        Mailbox.address.label("wrote_by"),
        Mailbox.state.label("wrote_by_state"),
        column("wrote_by_owes", Boolean()),
        column("warming_up", Boolean()),
        column("earlier_step_open", Boolean()),
        column("stop", String()),
        column("own_holidays", Boolean()),
        column("quarantined_at", Instant()),
        column("latest_event_at", Instant()),
    ),
    "ids",
)


def facts_of(session: Session, action_ids: Sequence[int]) -> Sequence[Any]:
    """One row an action with everything that stands beside it."""
    return _FACTS.rows(connection_of(session), {"ids": list(action_ids), "wording": CONSENT_VERSION})


_LIMITS = Prepared(
    text(
        "SELECT lane_id, kind, clock, value, since, until, why FROM limit_setting"
        " WHERE lane_id IN :lanes AND since <= :now AND (until IS NULL OR until > :now) ORDER BY since, id"
    )
    .bindparams(bindparam("lanes", expanding=True), bindparam("now", type_=Instant()))
    .columns(
        LimitSetting.lane_id,
        LimitSetting.kind,
        LimitSetting.clock,
        LimitSetting.value,
        LimitSetting.since,
        LimitSetting.until,
        LimitSetting.why,
    ),
    "lanes",
)


def limit_settings(session: Session, lane_ids: Collection[int], now: datetime) -> Sequence[Any]:
    """The settings that have begun and not ended, the oldest first."""
    return _LIMITS.rows(connection_of(session), {"lanes": list(lane_ids), "now": now})


_HOLIDAYS = Prepared(
    text("SELECT identity_id, day FROM holiday WHERE identity_id IN :ids")
    .bindparams(bindparam("ids", expanding=True))
    .columns(column("identity_id", Integer()), column("day", Date())),
    "ids",
)


def own_holidays(session: Session, identity_ids: Collection[int]) -> dict[int, set[date]]:
    """The dates that people entered by hand, by identity."""
    found: dict[int, set[date]] = {}
    if not identity_ids:
        return found
    for row in _HOLIDAYS.rows(connection_of(session), {"ids": list(identity_ids)}):
        found.setdefault(row.identity_id, set()).add(row.day)
    return found
