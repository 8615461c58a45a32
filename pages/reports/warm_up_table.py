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

_FIGURES = ("Day", "Today", "Replies", "Rescued")


def show(page: Paged[Row], everywhere: bool, may: bool) -> list[Row]:
    """The lines; those that are marked are answered."""
    choosing: dict[str, Any] = {"on_select": "rerun", "selection_mode": "multi-row"} if may else {}
    shown = st.dataframe(
        [_line(one, everywhere) for one in page.rows],
        hide_index=True,
        height=min(35 * (len(page.rows) + 1) + 3, 640),
        key=_key(page),
        column_config={
            "Address": st.column_config.TextColumn(width=185),
            "State": st.column_config.TextColumn(width=160),
            "Identity": st.column_config.TextColumn(width=150),
            "Inbox": st.column_config.TextColumn(help="Of the mails that were seen at their partners in 7 days", width=92),
            **{name: st.column_config.TextColumn(alignment="right", width=66) for name in _FIGURES},
            "Planned end": st.column_config.TextColumn(width=90),
            "Open": st.column_config.LinkColumn("", display_text="Open", width="small"),
        },
        **choosing,
    )
    return [page.rows[at] for at in shown["selection"]["rows"] if at < len(page.rows)] if may else []


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
        "Planned end": f"{row.planned_end:%-d %b}" if row.planned_end else "",
        "Why not now": row.note,
        "Open": shell.address("identity", w=row.workspace_id, id=row.identity_id, section="email"),
    }


def _today(sent: int, target: int) -> str:
    return f"{sent} / {target}" if target or sent else "–"  # the identity's day has not begun


def _inbox(health: Health) -> str:
    return f"too few ({health.seen})" if health.share is None else f"{health.share:.0%} of {health.seen:,}"
