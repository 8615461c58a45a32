"""The SQL of the quota report and of the proof, over a reader's `ledger`.

Spent is the sum of the ledger's `spent`: +1 where a unit was taken, -1 where it was given back with proof, on the local day
that it was taken for. Sent is the number of actions that reached `accepted`.
"""

from collections.abc import Collection, Mapping
from typing import Any

from storage.reports import Reader

# One row a lane, kind and local day: what was allowed, spent and sent, and one word for why the rest was not used.
# A day on which the identity does not work allows nothing, unless something was spent on it.
_DAY_USE = """
CREATE TEMP TABLE day_use AS
WITH used AS (
    SELECT e.lane_id, e.kind, e.local_day AS day, sum(e.spent)::BIGINT AS spent,
        count(*) FILTER (e.after = 'accepted') AS sent,
        mode(e.reason) FILTER (e.after IN ('failed_temporary', 'failed_permanent')) AS reason
    FROM ledger e JOIN lanes l ON l.lane_id = e.lane_id
    WHERE e.local_day BETWEEN $first AND $last AND e.local_day BETWEEN l.first_day AND l.last_day
        AND ($kind = '' OR e.kind = $kind)
    GROUP BY ALL
), grid AS (
    SELECT k.lane_id, k.kind, d.day::DATE AS day
    FROM lane_kinds k JOIN lanes l ON l.lane_id = k.lane_id
    JOIN (SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY)) AS day) d
        ON d.day BETWEEN l.first_day AND l.last_day
    WHERE $kind = '' OR k.kind = $kind
), limited AS (
    SELECT g.lane_id, g.kind, g.day, s.value
    FROM grid g ASOF JOIN limit_days s ON g.lane_id = s.lane_id AND g.kind = s.kind AND g.day >= s.day
    WHERE s.value IS NOT NULL
), both_sides AS (
    SELECT coalesce(m.lane_id, u.lane_id) AS lane_id, coalesce(m.kind, u.kind) AS kind, coalesce(m.day, u.day) AS day,
        m.value, coalesce(u.spent, 0) AS spent, coalesce(u.sent, 0) AS sent, u.reason
    FROM limited m FULL JOIN used u ON m.lane_id = u.lane_id AND m.kind = u.kind AND m.day = u.day
), judged AS (
    SELECT b.*, l.identity_id, l.zone, b.day = l.today AS is_today,
        (((l.work_days >> isodow(b.day)::BIGINT) & 1) = 1 AND c.day IS NULL AND o.day IS NULL) OR b.spent > 0 AS works
    FROM both_sides b JOIN lanes l ON l.lane_id = b.lane_id
    LEFT JOIN country_off c ON c.country = l.country AND c.day = b.day
    LEFT JOIN own_off o ON o.identity_id = l.identity_id AND o.day = b.day
)
SELECT j.lane_id, j.identity_id, j.kind, j.day, j.spent, j.sent, NOT j.works AS off,
    CASE WHEN j.works THEN coalesce(j.value, 0) ELSE 0 END AS allowed,
    greatest(allowed - j.spent, 0) AS remaining,
    CASE WHEN remaining = 0 THEN ''
        WHEN j.is_today THEN 'today'
        WHEN EXISTS (SELECT 1 FROM stopped s WHERE s.zone = j.zone AND s.identity_id IN (0, j.identity_id)
            AND j.day BETWEEN s.first_day AND s.last_day) THEN 'stopped'
        WHEN EXISTS (SELECT 1 FROM warm_ups w WHERE w.lane_id = j.lane_id AND j.day BETWEEN w.first_day AND w.last_day)
            THEN 'warming_up'
        ELSE coalesce(j.reason, 'nothing_planned') END AS why
FROM judged j
"""
_ROWS = """
SELECT identity_id, kind, date_trunc($grain, day)::DATE AS period, sum(allowed)::BIGINT AS allowed,
    sum(spent)::BIGINT AS spent, sum(sent)::BIGINT AS sent, sum(remaining)::BIGINT AS remaining,
    count(*) FILTER (allowed > 0 AND spent >= allowed) AS days_at_limit
FROM day_use GROUP BY ALL HAVING sum(allowed) > 0 OR sum(sent) > 0 OR sum(spent) <> 0
ORDER BY period DESC, spent DESC, identity_id, kind LIMIT $most
"""
_TOTAL = """
SELECT coalesce(sum(allowed), 0)::BIGINT AS allowed, coalesce(sum(spent), 0)::BIGINT AS spent,
    coalesce(sum(sent), 0)::BIGINT AS sent, coalesce(sum(remaining), 0)::BIGINT AS remaining,
    count(*) FILTER (off) AS days_off FROM day_use
"""
_TREND = "SELECT day, sum(allowed)::BIGINT AS allowed, sum(spent)::BIGINT AS spent FROM day_use GROUP BY day ORDER BY day"
_WHY = "SELECT why, sum(remaining)::BIGINT AS units FROM day_use WHERE why <> '' GROUP BY why ORDER BY units DESC, why"
_AT_LIMIT = """
SELECT identity_id, kind, count(*) FILTER (spent >= allowed) AS days, count(*) AS working_days
FROM day_use WHERE allowed > 0 GROUP BY ALL HAVING days > 0 ORDER BY days DESC, identity_id, kind LIMIT 10
"""
# Quarter hours of a zone first: every zone's offset is a multiple of one, and few rows are left to be converted.
_HEAT = """
SELECT isodow(wall)::BIGINT AS weekday, hour(wall)::BIGINT AS hour, sum(spent)::BIGINT AS spent
FROM (
    SELECT timezone(zone, make_timestamptz(quarter * 900000000)) AS wall, spent
    FROM (
        SELECT l.zone, e.instant // 900000000 AS quarter, sum(e.spent) AS spent
        FROM ledger e JOIN lanes l ON l.lane_id = e.lane_id
        WHERE e.spent <> 0 AND e.local_day BETWEEN $first AND $last AND e.local_day BETWEEN l.first_day AND l.last_day
            AND ($kind = '' OR e.kind = $kind)
        GROUP BY ALL
    )
)
GROUP BY ALL HAVING sum(spent) <> 0 ORDER BY weekday, hour
"""

# A unit counts from the instant it was taken until it was given back, or until the clock's period has passed.
_TAKEN = """
CREATE TEMP TABLE taken AS
SELECT t.id, t.lane_id, t.kind, t.local_day, t.instant, t.spent, min(g.instant) AS returned
FROM ledger t JOIN lanes l ON l.lane_id = t.lane_id
LEFT JOIN (SELECT action_id, attempt, instant FROM ledger WHERE spent < 0) g
    ON g.action_id = t.action_id AND g.attempt = t.attempt AND g.instant >= t.instant
WHERE t.spent > 0
GROUP BY ALL
"""
_COUNTED = """
CREATE OR REPLACE TEMP TABLE counted AS
WITH units AS (
    SELECT * REPLACE (CASE WHEN list_contains($together, kind) THEN $of ELSE kind END AS kind) FROM taken
), changes AS (
    SELECT id, lane_id, kind, CASE WHEN $length = 0 THEN local_day END AS period, instant, spent AS change FROM units
    UNION ALL
    SELECT id, lane_id, kind, CASE WHEN $length = 0 THEN local_day END, ends, -spent
    FROM (SELECT *, CASE WHEN $length = 0 THEN returned
        ELSE least(instant + $length, coalesce(returned, instant + $length)) END AS ends FROM units)
    WHERE ends IS NOT NULL
), running AS (
    SELECT lane_id, kind, instant, change, sum(change) OVER (
        PARTITION BY lane_id, kind, period ORDER BY instant, change, id ROWS UNBOUNDED PRECEDING)::BIGINT AS used
    FROM changes
)
SELECT r.lane_id, r.kind, r.instant, r.used, s.value AS allowed
FROM running r ASOF JOIN (SELECT * FROM limit_steps WHERE clock = $clock) s
    ON r.lane_id = s.lane_id AND r.kind = s.kind AND r.instant >= s.instant
WHERE r.change > 0 AND s.value IS NOT NULL
"""
_PEAKS = """
SELECT l.identity_id, c.lane_id, c.kind, max(c.used) AS most, arg_max(c.allowed, c.used) AS allowed,
    arg_max(c.instant, c.used) AS instant, count(*) FILTER (c.used > c.allowed) AS breaches, count(*) AS units
FROM counted c JOIN lanes l ON l.lane_id = c.lane_id GROUP BY ALL ORDER BY breaches DESC, most DESC, c.lane_id, c.kind
"""
_BREACHES = """
SELECT l.identity_id, c.lane_id, c.kind, c.instant, c.used, c.allowed
FROM counted c JOIN lanes l ON l.lane_id = c.lane_id WHERE c.used > c.allowed ORDER BY c.instant LIMIT 200
"""


def use_by_day(reader: Reader, values: Mapping[str, Any]) -> None:
    """Work out the days between `first` and `last`, of one `kind` or of all (""); the functions below read them."""
    reader.keep(_DAY_USE, values)


def rows(reader: Reader, grain: str, most: int) -> list[dict[str, Any]]:
    return reader.rows(_ROWS, {"grain": grain, "most": most})


def total(reader: Reader) -> dict[str, Any]:
    return reader.rows(_TOTAL)[0]


def trend(reader: Reader) -> list[dict[str, Any]]:
    return reader.rows(_TREND)


def unused(reader: Reader) -> list[dict[str, Any]]:
    return reader.rows(_WHY)


def at_limit(reader: Reader) -> list[dict[str, Any]]:
    return reader.rows(_AT_LIMIT)


def heat(reader: Reader, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return reader.rows(_HEAT, values)


def find_taken(reader: Reader) -> None:
    """Find every unit ever taken; `peaks_and_breaches` counts them on one clock after the other."""
    reader.keep(_TAKEN)


def peaks_and_breaches(
    reader: Reader, clock: str, length: int, of: str, together: Collection[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One clock: `length` microseconds of a rolling one, 0 for the local day. The limit of `of` counts `together`."""
    reader.keep(_COUNTED, {"clock": clock, "length": length, "of": of, "together": [str(kind) for kind in together]})
    return reader.rows(_PEAKS), reader.rows(_BREACHES)
