"""Who asks for something behind the gate that is not a page: the visit, and a use case carried out for it."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from starlette.requests import Request

from engine import clock, visits
from engine.desk import Denied, Desk, perform
from engine.installation import current
from engine.visits import Visit
from pages.plain import cookies
from pages.plain.keys import key

P = ParamSpec("P")
T = TypeVar("T")


def of(request: Request) -> Visit:
    """The visit in the workspace that `?w=` names; Denied without a session, or for a workspace out of reach."""
    here = current()
    asked = request.query_params.get("w", "")
    wanted = key(asked)
    found = visits.look(here.database, cookies.session_token(request, here.config), wanted, clock.now())
    if found is None:
        raise Denied
    if asked and found.workspace_id != wanted:
        visits.note_denied(here.database, found, wanted or 0)
        raise Denied
    return found


def ask(visit: Visit, task: Callable[Concatenate[Desk, P], T], *args: P.args, **values: P.kwargs) -> T:
    return perform(current().database, visit.actor, visit.workspace_id, visit.now, task, *args, **values)
