"""The people of the stand-in, and how each plays with who wants to connect."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Member:
    slug: str
    name: str
    state: str = "connectable"  # or pending, incoming, connected, follow_only, cool_down
    look: str = "link"  # or button, menu: how Connect is offered
    heading: str = "h2"
    asks: str = ""  # email, relation, weekly, weekly_toast, near, no_notes
    lies: str = ""  # "no" sends nothing and says so was done; "silent" sends and says nothing
    events: list[tuple[str, str]] = field(default_factory=list)  # (who, text)
