"""Addresses: every e-mail address with its state, since when, and what to do; of all workspaces for an owner."""

import streamlit as st

from engine.address_overview import Line, of_installation, of_workspace
from engine.paged import Paged
from pages import badges, drawings, filters, in_app_links, shell
from pages.identities import paging
from pages.person_texts import isolated
from storage.kinds import MailboxState, Permission

_NEEDS = "Needs somebody"
_OPEN = 5  # of those that wait for somebody, shown before a click
_STATES = {badges.look(state).word.capitalize(): state for state in MailboxState}


def show() -> None:
    visit = shell.visit()
    shell.header("Addresses", "Every e-mail address: how it stands, since when, and what to do.")
    found, everywhere = _found(visit)
    if not found.total:
        _nothing()
        return
    _show_to_do([line for line in found.rows if line.to_do], visit, everywhere)
    chosen = st.dataframe(
        [_row(visit, line, everywhere) for line in found.rows],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"addresses-{found.number}",
        height="content",
        column_config={
            "Address": st.column_config.TextColumn(width=230, pinned=True),
            "State": st.column_config.TextColumn(width=130),
        },
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


def _nothing() -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("No e-mail address fits. Addresses are connected on an identity, under Email.", text_alignment="center")
        shell.link("identities", label="Show the identities", icon=":material/group:")


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
    def moment(instant: object) -> str:
        return badges.moment(instant, line.zone, visit.now).text if instant else "never"  # type: ignore[arg-type]

    state = badges.look(line.state).word + (", paused" if line.paused else "")
    return {
        "Address": line.address,
        "State": state,
        "Since": moment(line.since),
        "Today": f"{line.today.used:,} / {line.today.limit:,}" if line.today else "–",
        "Sign-in ends": moment(line.sign_in_ends) if line.sign_in_ends else "–",
        "Signed in": moment(line.last_good_at),
        "Read": moment(line.last_read_at),
        "Domain": _domain(line),
        "Identity": line.identity_name,
        **({"Workspace": line.workspace_name} if everywhere else {}),
        "Provider": badges.provider(line.provider),
    }


def _domain(line: Line) -> str:
    if line.domain is None:
        return "not checked yet"
    return line.domain.note or "in order"


show()
