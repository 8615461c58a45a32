"""How an action's state looks: what is read was not sent."""

from pages import badges
from storage.kinds import ActionKind, ActionState

_OF_SCRAPING = {
    ActionState.SENDING: badges.Look("green", "travel_explore", "being read"),
    ActionState.ACCEPTED: badges.Look("green", "check", "read"),
}


def tag(kind: ActionKind, state: ActionState) -> str:
    """The badge of an action's state as Markdown."""
    return badges.tag(_OF_SCRAPING.get(state, state) if kind is ActionKind.SCRAPING else state)
