"""Addresses: every e-mail address with its state, since when, and what to do; of all workspaces for an owner."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from engine.address_overview import Line, of_installation, of_workspace
from engine.paged import Paged
from pages import badges, drawings, empty, filters, in_app_links, shell
from pages.identities import domain, paging
from pages.person_texts import isolated
from storage.kinds import MailboxState, Permission

_NEEDS = "Needs somebody"
_OPEN = 5  # of those that wait for somebody, shown before a click
# Widths by which all columns stand beside the sidebar on a screen 1,280 wide: 995, of which marking takes 32.
_COLUMNS = {
    "Address": st.column_config.TextColumn(width=190, pinned=True),
    "State": st.column_config.TextColumn(width=146),
    "Since": st.column_config.TextColumn(width=82),
    "Today": st.column_config.TextColumn(width=66, alignment="right"),
    "Signed in": st.column_config.TextColumn(width=82),
    "Read": st.column_config.TextColumn(width=82, help="When its inbox was last read."),
    "Provider": st.column_config.TextColumn(width=108, help="With when its sign-in ends, where that is known."),
    "Domain": st.column_config.TextColumn(width=102),
    "Identity": st.column_config.TextColumn(width=105),
}
_STATES = {badges.look(state).word.capitalize(): state for state in MailboxState}


def show() -> None:
    visit = shell.visit()
    shell.header("Addresses", "Every e-mail address: how it stands, since when, and what to do.")
    found, everywhere = _found(visit)
    if not found.total:
        _nothing(everywhere)
        return
    _show_to_do([line for line in found.rows if line.to_do], visit, everywhere)
    chosen = st.dataframe(
        [_row(visit, line, everywhere) for line in found.rows],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"addresses-{found.number}",
        height="content",
        column_config=_COLUMNS,
    )
    for row in chosen["selection"]["rows"]:
        line = found.rows[row]
        shell.go("identity", w=line.workspace_id, id=line.identity_id, section="email")
    paging.show(found)


def _found(visit: shell.Visit) -> tuple[Paged[Line], bool]:
    with filters.row():
        text = filters.search("Address or name")
        word = filters.choice("State", [_NEEDS, *_STATES], "state", "Any state")
        may_all = visit.may(Permission.OWN)
        everywhere = may_all and st.toggle("All workspaces", key="all", bind="query-params", on_change=paging.first)
    task = of_installation if everywhere else of_workspace
    state = _STATES.get(word or "")
    return shell.ask(task, text=text, state=state, needs=word == _NEEDS, number=paging.asked()), bool(everywhere)


def _nothing(everywhere: bool) -> None:
    if st.session_state.get("find") or st.session_state.get("state"):
        filters.nothing("No e-mail address fits these filters.", "Show all addresses", find="", state=None)
    else:
        here = " in any workspace" if everywhere else ""
        words = f"No e-mail address is connected yet{here}; connect one on an identity's page, under Email."
        empty.leads_to(words, "identities", "Show the identities", ":material/group:", "primary")


def _show_to_do(lines: list[Line], visit: shell.Visit, everywhere: bool) -> None:
    """Whole sentences, which no table's cell would hold; the first of them, and the others behind a click."""
    if not lines:
        return
    st.markdown(f"**What to do ({len(lines)})**")
    drawn = [_what_to_do(line, visit, everywhere) for line in lines]
    st.html(drawings.lines(drawn[:_OPEN]))
    if len(drawn) > _OPEN:
        with st.expander(f"{len(drawn) - _OPEN} more on this page"):
            st.html(drawings.lines(drawn[_OPEN:]))


def _what_to_do(line: Line, visit: shell.Visit, everywhere: bool) -> str:
    where = f"{isolated(line.identity_name, 60)}{f', {isolated(line.workspace_name, 60)}' if everywhere else ''}"
    since = badges.moment(line.since, line.zone, visit.now)
    link = in_app_links.drawn("identity", line.address, w=line.workspace_id, id=line.identity_id, section="email")
    about = drawings.quiet(f"{where} · since {since.text}", since.help)
    state = f'<span style="padding-left:.5rem">{badges.drawn(line.state)}</span>'  # where the link's words begin, too
    words = f'<div style="padding:0 .5rem">{drawings.below([drawings.text(line.to_do), about], ".25rem")}</div>'
    return drawings.below([drawings.beside([link, state], "0"), words])


def _row(visit: shell.Visit, line: Line, everywhere: bool) -> dict[str, object]:
    def moment(instant: datetime | None) -> str:
        return _brief(instant, line.zone, visit.now) if instant else "never"

    state = badges.look(line.state).word + (", paused" if line.paused else "")
    return {
        "Address": line.address,
        "State": state,
        "Since": moment(line.since),
        "Today": f"{line.today.used:,} / {line.today.limit:,}" if line.today else "–",
        "Signed in": moment(line.last_good_at),
        "Read": moment(line.last_read_at),
        "Provider": f"{badges.provider(line.provider)}{f', ends {moment(line.sign_in_ends)}' if line.sign_in_ends else ''}",
        "Domain": _domain(line),
        "Identity": line.identity_name,
        **({"Workspace": line.workspace_name} if everywhere else {}),
    }


def _brief(instant: datetime, zone: str, now: datetime) -> str:
    """For a narrow column: "20 h ago" within a day, else the day alone: "2 Aug"."""
    if abs(instant - now) < timedelta(days=1):
        away = round((instant - now).total_seconds())
        rest = abs(away) % 3600 if abs(away) >= 3600 else 0
        whole = away - rest if away > 0 else away + rest
        return badges.ago(now + timedelta(seconds=whole), now)
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}" + ("" if local.year == now.year else f" {local:%Y}")


def _domain(line: Line) -> str:
    if line.domain is None:
        return "not checked"
    return {domain.GOOD: "in order", domain.SIGN: "not in order", domain.SOME: "not all known"}[domain.summed(line.domain)]


show()
