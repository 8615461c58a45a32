"""Today: who needs a person, what the workspace is doing now, and each identity's spent, limit and next."""

from datetime import datetime

import streamlit as st

from engine.figures import Figures, figures
from engine.identity_lists import Card, Narrowing, has_any, list_page
from engine.overview import Health, Pulse, needs, pulse
from pages import badges, drawings, empty, filters, in_app_links, reader, shell
from pages.identities import now_line, paging
from pages.overview import need_rows, stop_drawer
from pages.parts import part
from storage.kinds import Permission

_WORKER = {
    Health.OK: badges.Look("green", "check_circle", "worker ok"),
    Health.LATE: badges.Look("orange", "warning", "worker late"),
    Health.DOWN: badges.Look("red", "error", "worker down"),
}
_NOW = {"Acting": Narrowing.ACTING, "Waiting": Narrowing.WAITING, "Stopped": Narrowing.STOPPED}
_REFRESH = 5.0  # seconds
_NAME_WIDTH = "230px"


def show() -> None:
    visit = shell.visit()
    with shell.header("Today"):
        if visit.may(Permission.PRESS_STOP):
            stop_drawer.button(visit)
    part(_sums, every=_REFRESH)
    part(_list, every=_REFRESH)


def _sums(visit: shell.Visit) -> None:
    """What concerns the whole workspace; a search in the list below does not count it again."""
    need_rows.show(shell.ask(needs))
    _tiles(shell.ask(figures))
    _alive(visit, shell.ask(pulse))


def _list(visit: shell.Visit) -> None:
    if not shell.ask(has_any):
        _nothing(visit)
        return
    text, narrowing = _filters()
    page = shell.ask(list_page, text=text, narrowing=narrowing, number=paging.asked())
    _table(visit, page.cards)
    paging.show(page)


def _tiles(sums: Figures) -> None:
    grid = st.grid(5, min_column_width=140)
    grid.metric(
        "Acting now", f"{sums.acting:,}", border=True, help="Began an action in the last 15 minutes, or is about to."
    )
    grid.metric("Waiting", f"{sums.waiting:,}", border=True, help="Have something planned and a time for it.")
    grid.metric("Stopped", f"{sums.stopped:,}", border=True, help="Somebody pressed Stop.")
    grid.metric("Sent today", f"{sums.sent:,} / {_short(sums.limit)}", border=True, help="In each identity's own day.")
    grid.metric("Parked", f"{sums.parked:,}", border=True, help="Nothing can prove whether they went out; a person decides.")


def _short(number: int) -> str:
    """A tile is narrow: 250,000 is "250k"."""
    return f"{number / 1000:,.0f}k" if number >= 10_000 else f"{number:,}"


def _alive(visit: shell.Visit, beat: Pulse) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="small"):
        if beat.last_effect_at:
            when = badges.moment(beat.last_effect_at, reader.zone(), visit.now)
            past = beat.last_effect_at <= visit.now  # else the clock was set back, and "in 59 min" would be a promise
            told = badges.ago(beat.last_effect_at, visit.now) if past else when.text.rpartition(" · ")[2]
            badges.quiet(f"last action {told}", when.help)
        else:
            badges.quiet("no action yet")
        seen = f"Last sign of life {badges.ago(beat.worker_at, visit.now)}." if beat.worker_at else "It never started."
        badges.badge(_WORKER[beat.worker], help=seen)


def _filters() -> tuple[str, Narrowing | None]:
    with filters.row():
        text = filters.search("Name or e-mail address")
        chosen = filters.pills("Now", list(_NOW), "now")
    return text, _NOW[chosen] if chosen else None


def _table(visit: shell.Visit, cards: tuple[Card, ...]) -> None:
    if not cards:
        filters.nothing("No identity fits these filters.", "Show all identities", find="", now=None)
    else:
        st.html(drawings.lines([_row(card, visit.now) for card in cards]))


def _row(card: Card, now: datetime) -> str:
    cells = [
        badges.drawn(now_line.state(card)),
        drawings.meters(now_line.spent(card.standing)),
        drawings.beside([*now_line.warming(card), now_line.then(card.standing, card.zone, now)]),
    ]
    link = in_app_links.drawn("identity", card.name, id=card.id)
    return drawings.named(link, _NAME_WIDTH, drawings.cells(cells, "10rem"))


def _nothing(visit: shell.Visit) -> None:
    words = "Nothing runs yet: this workspace has no identity."
    if visit.may(Permission.MANAGE):
        empty.leads_to(words, "new-identity", "Add the first identity", ":material/person_add:", "primary")
    else:
        with empty.place(f"{words} A manager can add one."):
            pass


show()
