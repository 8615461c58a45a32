"""The lines of the warm-up overview; those that a person marked are answered."""

from hashlib import blake2b
from typing import Any

import streamlit as st

from engine.paged import Paged
from engine.warm_up_figures import Health
from engine.warm_up_lists import Phase, Row
from pages import badges, shell
from pages.identities import warm_up_words
from storage.kinds import WarmUpPause

# Pixels. All columns together fit beside the sidebar on a screen 1,280 wide: 997, of which marking takes 32.
_WIDTHS = {
    "Address": 190,
    "State": 158,
    "Identity": 112,
    "Day": 58,
    "Today": 62,
    "Inbox": 88,
    "Replies": 60,
    "Rescued": 67,
    "Ends, or goes on": 116,
    "Open": 52,
}
_EVERYWHERE = {**_WIDTHS, "Workspace": 92, "Address": 160, "State": 156, "Identity": 94, "Day": 56, "Inbox": 84, "Open": 50}
_MOST_AT_ONCE = 19  # lines; more are scrolled
_NUMBERS = ("Day", "Today", "Replies", "Rescued")
_GOES_ON = {
    WarmUpPause.PERSON: "when resumed",
    WarmUpPause.CONNECTION: "when connected",
    WarmUpPause.BOUNCE: "after 24 hours",
}


def show(page: Paged[Row], everywhere: bool, may: bool) -> list[Row]:
    """The lines; those that are marked are answered."""
    choosing: dict[str, Any] = {"on_select": "rerun", "selection_mode": "multi-row"} if may else {}
    widths = _EVERYWHERE if everywhere else _WIDTHS
    shown = st.dataframe(
        [_line(one, everywhere) for one in page.rows],
        hide_index=True,
        height="content" if len(page.rows) < _MOST_AT_ONCE else 640,
        key=_key(page),
        column_config={name: _column(name, width) for name, width in widths.items()},
        **choosing,
    )
    return [page.rows[at] for at in shown["selection"]["rows"] if at < len(page.rows)] if may else []


def _column(name: str, width: int) -> Any:
    if name == "Open":
        return st.column_config.LinkColumn("", display_text="Open", width=width)
    told = "Of the mails that were seen at their partners in 7 days" if name == "Inbox" else None
    # "left" would draw a name that runs from right to left out of its cell; without a word each has its own side.
    return st.column_config.TextColumn(width=width, help=told, alignment="right" if name in _NUMBERS else None)


def _key(page: Paged[Row]) -> str:
    """Marks hold for these very lines: a list that changed meanwhile begins without any."""
    lines = ",".join(f"{row.mailbox_id}{row.phase}" for row in page.rows)
    return f"warm-rows-{blake2b(lines.encode(), digest_size=8).hexdigest()}"


def _line(row: Row, everywhere: bool) -> dict[str, object]:
    state = warm_up_words.look(row.phase, row.pause).word.removeprefix("warm-up ")
    # A pause for want of a connection says so itself.
    connection = "" if row.state.may_send or row.pause is WarmUpPause.CONNECTION else f" · {badges.look(row.state).word}"
    figures = row.figures
    return {
        **({"Workspace": row.workspace} if everywhere else {}),
        "Address": row.address,
        "State": f"{state}{connection}" if figures or row.phase is Phase.OUT else connection.removeprefix(" · ") or "–",
        "Identity": row.identity,
        "Day": f"{min(row.day, 14)} / 14" if figures else "",
        "Today": _today(figures.sent_today, row.target) if figures else "",
        "Inbox": _inbox(figures.health) if figures else "",
        "Replies": f"{figures.replies:,}" if figures else "",
        "Rescued": f"{figures.rescued:,}" if figures else "",
        "Ends, or goes on": _ends(row),
        "Open": shell.address("identity", w=row.workspace_id, id=row.identity_id, section="email"),
    }


def _today(sent: int, target: int) -> str:
    return f"{sent} / {target}" if target or sent else "–"  # the identity's day has not begun


def _ends(row: Row) -> str:
    if row.pause is not None:
        return _GOES_ON[row.pause]
    if row.phase is Phase.COMPLETE:
        return "until stopped"
    return f"{row.planned_end:%-d %b}" if row.planned_end else ""


def _inbox(health: Health) -> str:
    return f"too few ({health.seen})" if health.share is None else f"{health.share:.0%} of {health.seen:,}"
