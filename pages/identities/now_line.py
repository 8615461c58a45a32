"""Whether an identity acts now, and if not why and when next: one line, the same on every page."""

from datetime import datetime

import streamlit as st

from engine.identity_lists import Card
from engine.rules import warm_up as rules
from engine.rules.facts import Run, Verdict, Wait
from engine.standing import Standing
from engine.warm_up_lists import Phase
from pages import badges, drawings
from pages.identities import warm_up_words
from storage.kinds import ActionKind, LinkedInState

_SHORT = {
    ActionKind.CONNECTION_REQUEST: "Requests",
    ActionKind.LINKEDIN_MESSAGE: "Messages",
    ActionKind.SCRAPING: "Scrapings",
    ActionKind.WITHDRAWAL: "Withdrawals",
    ActionKind.EMAIL: "E-mails",
    ActionKind.WARM_UP_MAIL: "Warm-up",
}


def show(card: Card, now: datetime) -> None:
    """The verdict's badge, and the next time or the reason beside it."""
    st.html(drawn(card, now), width="content")


def drawn(card: Card, now: datetime) -> str:
    """The same as HTML, for a line of a list that is drawn as one piece."""
    return drawings.beside([badges.drawn(state(card)), *warming(card), then(card.standing, card.zone, now)])


def warming(card: Card) -> list[str]:
    """The badge of the identity's warm-up with its day, as HTML; what holds its campaigns meanwhile."""
    line = card.warming
    if line is None or line.warm_up_day is None:
        return []
    phase = Phase.COMPLETE if line.warm_up_day > rules.DAYS else Phase.RUNNING
    return [badges.drawn(warm_up_words.look(phase, line.warm_up_pause, rules.day_of(line.warm_up_day)))]


def state(card: Card) -> Verdict | badges.Look | None:
    """What the badge says where nothing is planned: a Stop that could hold something, or a channel that is missing."""
    verdict = card.standing.verdict if card.standing else None
    if verdict is not None:
        return verdict
    if card.stopped:
        return badges.STOPPED
    is_reachable = card.addresses or card.linkedin_state is not LinkedInState.NEVER
    return None if is_reachable else badges.NO_CHANNEL


def then(standing: Standing | None, zone: str, now: datetime) -> str:
    """The next time as HTML; where there is none, the reason as a sentence."""
    if standing is None:
        return ""
    if isinstance(standing.verdict, Run) and standing.next_kind:
        return drawings.quiet(f"{standing.next_kind.label} is next")
    if standing.next_at is not None and standing.next_at > now:
        shown = badges.moment(standing.next_at, zone, now)
        return drawings.quiet(shown.text, shown.help)
    return drawings.quiet(standing.verdict.reason.sentence) if isinstance(standing.verdict, Wait) else ""


def spent(standing: Standing | None) -> list[tuple[str, int, int]]:
    """Today's spent and limit of each kind, for the meters; warm-up only while there is any."""
    uses = standing.today.items() if standing else ()
    return [(_SHORT[kind], use.used, use.limit) for kind, use in uses if use.limit or kind is not ActionKind.WARM_UP_MAIL]
