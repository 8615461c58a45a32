"""The dashboard's table: one line an identity, for comparing many; a selected line opens its page."""

import streamlit as st

from engine.identity_lists import Card, Page
from pages import badges, shell
from pages.identities import now_line


def show(visit: shell.Visit, page: Page) -> None:
    chosen = st.dataframe(
        [_line(visit, card) for card in page.cards],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"table-{page.number}",
        height="content",
        column_config={
            "Spent": st.column_config.ProgressColumn("Spent", format="percent", min_value=0, max_value=1, width=110),
            "Name": st.column_config.TextColumn(width="medium"),
            "Today": st.column_config.TextColumn(alignment="right"),
        },
    )
    for row in chosen["selection"]["rows"]:
        shell.go("identity", id=page.cards[row].id)


def _line(visit: shell.Visit, card: Card) -> dict[str, object]:
    standing = card.standing
    spent = now_line.spent(standing)
    until = standing.next_at if standing else None
    used, limit = sum(row[1] for row in spent), sum(row[2] for row in spent)
    return {
        "Name": card.name,
        "Now": badges.look(now_line.state(card)).word,
        "Next": badges.moment(until, card.zone, visit.now).text if until and until > visit.now else "",
        "Spent": used / limit if limit else 0.0,
        "Today": f"{used:,} / {limit:,}" if limit else "–",
        "Addresses": ", ".join(line.address for line in card.addresses),
        "State": ", ".join(sorted({badges.look(line.state).word for line in card.addresses})) or "no channel",
        "Campaigns": standing.campaigns if standing else 0,
        "Job title": card.job_title,
    }
