"""The dashboard's cards: who it is, what is connected, what is spent today, and whether it may act now."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from engine.identity_lists import Card, Page
from pages import badges, drawings, in_app_links, shell
from pages.identities import now_line
from storage.kinds import LinkedInState, MailboxState

_MOST_ADDRESSES = 2
_LONGEST = 34  # of an address


def show(visit: shell.Visit, page: Page, faces: Mapping[int, bytes]) -> None:
    """All of them as one piece, since every part of Streamlit's own costs a message."""
    st.html(drawings.tiles([_card(card, faces.get(card.id), visit.now) for card in page.cards], "330px"))


def _card(card: Card, face: bytes | None, now: datetime) -> str:
    about = drawings.below([drawings.quiet(_about(card, now)), *_connections(card)], ".25rem")
    parts = [
        drawings.led(badges.face(card.name, face), about),
        drawings.meters(now_line.spent(card.standing)),
        now_line.drawn(card, now),
    ]
    link = in_app_links.drawn("identity", card.name, id=card.id)
    body = f'<div style="padding:0 .5rem .25rem">{drawings.below(parts, ".75rem")}</div>'
    return drawings.below([f'<div style="display:flex">{link}</div>', body], "1rem")


def _about(card: Card, now: datetime) -> str:
    local = now.astimezone(ZoneInfo(card.zone))
    title = f"{card.job_title[:60]} · " if card.job_title else ""
    campaigns = card.standing.campaigns if card.standing else 0
    running = f" · {campaigns} campaign{'s' if campaigns > 1 else ''}" if campaigns else ""
    return f"{title}{badges.city(ZoneInfo(card.zone))} {local:%H:%M}{running}"


def _connections(card: Card) -> list[str]:
    """The channels line by line; what does not work is named first, so that it is never among the hidden ones."""
    shown = sorted(card.addresses, key=lambda line: line.state.may_send)[:_MOST_ADDRESSES]
    lines = [] if card.linkedin_state is LinkedInState.NEVER else [_connection("LinkedIn", card.linkedin_state)]
    lines += [_connection(_short(line.address), badges.PAUSED if line.paused else line.state) for line in shown]
    if len(card.addresses) > _MOST_ADDRESSES:
        lines.append(drawings.text(f"and {len(card.addresses) - _MOST_ADDRESSES} more"))
    return lines


def _connection(channel: str, state: LinkedInState | MailboxState | badges.Look) -> str:
    return drawings.beside([drawings.text(channel), badges.drawn(state)])


def _short(address: str) -> str:
    return address if len(address) <= _LONGEST else f"{address[: _LONGEST - 1]}…"
