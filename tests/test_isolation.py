"""Nobody reaches what is not theirs: every use case × every role × every id of another workspace or of a hidden identity.

The matrix is generated from `engine.desk.REGISTRY`; a use case added tomorrow is covered without a line here.
"""

import dataclasses
import enum
import importlib
import inspect
import pkgutil
import traceback
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select

import engine
from engine.desk import _OWNERS, REGISTRY, Actor, Denied, Desk, UseCase, perform
from storage.database import Database
from storage.kinds import ActionState, ImportState, Permission, Provider, Role, SalesKind, SuppressionKind
from storage.tables import Audit, Lane, LeadImport, ProviderApp, Scrape, SignInFlow, Step, Suppression
from tests import makers
from tests.fresh import new_database
from tests.makers import MONDAY

for module in pkgutil.walk_packages(engine.__path__, "engine."):
    importlib.import_module(module.name)

USE_CASES = sorted(REGISTRY.values(), key=lambda case: case.name)
WITH_IDS = [(case, name) for case in USE_CASES for name in case.parameters if name in _OWNERS]
ROLES_ALLOWED = {
    Permission.READ: {Role.OPS, Role.MANAGER, Role.ADMIN},
    Permission.PRESS_STOP: {Role.OPS, Role.MANAGER, Role.ADMIN},
    Permission.MANAGE: {Role.MANAGER, Role.ADMIN},
    Permission.ADMINISTER: {Role.ADMIN},
    Permission.OWN: set(),
}
OURS, HIDDEN, THEIRS = "marker-ours", "marker-hidden", "marker-theirs"


@dataclasses.dataclass(frozen=True)
class World:
    """Two clients: ours with a visible and a hidden identity, and theirs; `ids` by owner and parameter name."""

    database: Database
    workspace_id: int
    ids: Mapping[str, Mapping[str, int]]
    actors: Mapping[str, Actor]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all: what is denied leaves only lines in the audit log, and what is allowed is rolled back."""
    database = new_database(tmp_path_factory.mktemp("isolation") / "outpost.db")
    yield populated(database)
    database.close()


def populated(database: Database) -> World:
    with database.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        ours, theirs = makers.workspace(session, name=OURS), makers.workspace(session, name=THEIRS)
        ids = {
            OURS: belongings(session, ours.id, OURS),
            HIDDEN: belongings(session, ours.id, HIDDEN),
            THEIRS: belongings(session, theirs.id, THEIRS),
        }
        visible = [ids[OURS]["identity_id"]]
        actors = {role.value: makers.member(session, ours.id, role) for role in Role}
        actors |= {f"{role} of one identity": makers.member(session, ours.id, role, visible) for role in Role}
        actors["stranger"] = Actor((stranger := makers.user(session)).id, stranger.email)
        actors["admin of another"] = makers.member(session, theirs.id, Role.ADMIN)
        return World(database, ours.id, ids, actors)


def belongings(session: Any, workspace_id: int, marker: str) -> dict[str, int]:
    """One of everything that has an id, each with the marker in every text a person wrote."""
    identity = makers.identity(session, workspace_id, first_name=marker, job_title=marker)
    mailbox = makers.mailbox(session, identity, address=f"{marker}@{marker}.test", state_note=marker)
    campaign = makers.campaign(session, identity, name=marker)
    lead = makers.lead(session, campaign, last_name=marker, email=f"lead@{marker}.test")
    step = session.scalars(select(Step).where(Step.campaign_id == campaign.id)).one()
    lane = session.scalars(select(Lane).where(Lane.mailbox_id == mailbox.id)).one()
    common = {"workspace_id": workspace_id, "created_at": MONDAY}
    about = {"campaign_id": campaign.id, "lead_id": lead.id, "step_id": step.id}
    action = makers.action(session, lane, state=ActionState.PARKED, note=marker, **about)
    imported = LeadImport(
        **common, campaign_id=campaign.id, file_name=marker, content_hash=marker, mapping={}, state=ImportState.DONE
    )
    scrape = Scrape(
        **common,
        campaign_id=campaign.id,
        seat_id=identity.id,
        borrowed=False,
        kind=SalesKind.LIST,
        url=f"/{marker}",
        url_hash=marker,
        most=9,
        note=marker,
        created_by=marker,
    )
    suppressed = Suppression(
        workspace_id=workspace_id, kind=SuppressionKind.DOMAIN, value=f"{marker}.test", since=MONDAY, why=marker
    )
    app = ProviderApp(workspace_id=workspace_id, provider=Provider.GOOGLE, client_id=marker, changed_at=MONDAY)
    session.add_all([imported, scrape, suppressed])
    if marker != HIDDEN:  # a workspace has one app of a provider
        session.add(app)
    session.flush()
    app_id = session.scalars(select(ProviderApp.id).where(ProviderApp.workspace_id == workspace_id)).one()
    flow = SignInFlow(
        **common,
        identity_id=identity.id,
        provider_app_id=app_id,
        provider=Provider.GOOGLE,
        address=f"{marker}@{marker}.test",
        state_hash=marker,
        session_hash=marker,
        expires_at=MONDAY,
        note=marker,
    )
    session.add(flow)
    session.flush()
    return {
        "identity_id": identity.id,
        "mailbox_id": mailbox.id,
        "campaign_id": campaign.id,
        "step_id": step.id,
        "lead_id": lead.id,
        "import_id": imported.id,
        "action_id": action.id,
        "scrape_id": scrape.id,
        "suppression_id": suppressed.id,
        "flow_id": flow.id,
    }


def name_of(value: Any) -> str:
    return value.name if isinstance(value, UseCase) else str(value)


@pytest.mark.parametrize(("case", "parameter"), WITH_IDS, ids=name_of)
def test_an_id_of_another_workspace_is_denied_and_audited_for_every_role(
    world: World, case: UseCase, parameter: str
) -> None:
    for actor in world.actors.values():
        values = {**arguments(case, world.ids[OURS]), parameter: world.ids[THEIRS][parameter]}
        assert_denied_and_audited(world, actor, case, values)


@pytest.mark.parametrize(("case", "parameter"), [pair for pair in WITH_IDS if pair[1] != "suppression_id"], ids=name_of)
def test_an_id_of_an_identity_without_access_is_denied_and_audited(world: World, case: UseCase, parameter: str) -> None:
    for role in Role:
        values = {**arguments(case, world.ids[OURS]), parameter: world.ids[HIDDEN][parameter]}
        assert_denied_and_audited(world, world.actors[f"{role} of one identity"], case, values)


@pytest.mark.parametrize("case", USE_CASES, ids=name_of)
def test_a_role_without_the_permission_is_denied_and_audited(world: World, case: UseCase) -> None:
    outside = {
        name for name in world.actors if Role.__members__.get(name.split()[0].upper()) not in ROLES_ALLOWED[case.needs]
    }
    for name in outside | {"stranger", "admin of another"}:
        assert_denied_and_audited(world, world.actors[name], case, arguments(case, world.ids[OURS]))


@pytest.mark.parametrize("case", USE_CASES, ids=name_of)
def test_a_role_with_the_permission_is_not_denied_its_own(world: World, case: UseCase) -> None:
    for role in ROLES_ALLOWED[case.needs]:
        for name in (role.value, f"{role} of one identity"):
            assert not is_denied(world, world.actors[name], case)


@pytest.mark.parametrize("case", [case for case in USE_CASES if case.reads], ids=name_of)
def test_a_reading_use_case_writes_nothing(world: World, case: UseCase) -> None:
    statements: list[str] = []

    def note(_c: Connection, _cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        statements.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    with world.database.read() as session:
        attempt(Desk(session, makers.OWNER, world.workspace_id, MONDAY), case, world.ids[OURS])
        assert not [*session.new, *session.dirty, *session.deleted]
    event.remove(world.database.engine, "before_cursor_execute", note)
    assert not [statement for statement in statements if statement.split()[0].upper() not in ("SELECT", "WITH", "BEGIN")]


@pytest.mark.parametrize("case", [case for case in USE_CASES if case.needs is not Permission.OWN], ids=name_of)
def test_an_answer_holds_nothing_of_another_workspace_or_a_hidden_identity(world: World, case: UseCase) -> None:
    for role in ROLES_ALLOWED[case.needs]:
        for name, foreign in ((role.value, (THEIRS,)), (f"{role} of one identity", (THEIRS, HIDDEN))):
            with world.database.write() as session:
                answer = attempt(Desk(session, world.actors[name], world.workspace_id, MONDAY), case, world.ids[OURS])
                texts = list(texts_in(answer))
                session.rollback()
            allowed = (HIDDEN,) if case.name in _SHARED_BY_THE_WORKSPACE else ()
            assert not [text for text in texts for marker in foreign if marker in text and marker not in allowed]


# A suppression belongs to the workspace, whoever caused it: it must stop every identity.
_SHARED_BY_THE_WORKSPACE = frozenset(case.name for case in USE_CASES if case.name.startswith("suppression"))


def assert_denied_and_audited(world: World, actor: Actor, case: UseCase, values: dict[str, Any]) -> None:
    before = denials(world, actor)
    with pytest.raises(Denied):
        perform(world.database, actor, world.workspace_id, MONDAY, case.function, **values)
    assert denials(world, actor) == before + 1, f"{actor.label} was denied {case.name}, but the audit log does not say so"


def denials(world: World, actor: Actor) -> int:
    with world.database.read() as session:
        lines = select(func.count()).where(Audit.what == "access.denied", Audit.user_id == actor.user_id)
        return session.scalar(lines) or 0


def is_denied(world: World, actor: Actor, case: UseCase) -> bool:
    """Denied at the gate; a use case that denies a made-up key by itself was let through."""
    with world.database.write() as session:
        try:
            answer = attempt(Desk(session, actor, world.workspace_id, MONDAY), case, world.ids[OURS])
        finally:
            session.rollback()
    return isinstance(answer, Denied) and any(
        frame.name == "require" for frame in traceback.extract_tb(answer.__traceback__)
    )


def attempt(desk: Desk, case: UseCase, ids: Mapping[str, int]) -> Any:
    """The answer, or the exception: made-up arguments may be wrong for the use case, which is not what is asked here."""
    try:
        answer = case.function(desk, **arguments(case, ids))
        return list(answer) if isinstance(answer, Iterator) else answer
    except Exception as error:
        return error


def arguments(case: UseCase, ids: Mapping[str, int]) -> dict[str, Any]:
    function = inspect.unwrap(case.function)
    hints = typing.get_type_hints(function)
    given: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if name in ids:
            given[name] = ids[name]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            given[name] = made_up(hints.get(name, str))
    return given


PLAIN: dict[Any, Any] = {
    str: "text",
    int: 1,
    float: 1.0,
    bool: True,
    bytes: b"bytes",
    date: MONDAY.date(),
    datetime: MONDAY,
    time: time(9),
    timedelta: timedelta(hours=1),
    type(None): None,
}


def made_up(kind: Any) -> Any:
    """A value of an annotation: enough for the gate to be asked; what it would do is not asked here."""
    if kind in PLAIN:
        return PLAIN[kind]
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return made_up(parts[0])
    if origin is not None:
        return _EMPTY.get(origin, tuple)()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        required = [one for one in dataclasses.fields(kind) if one.default is one.default_factory is dataclasses.MISSING]
        return kind(**{one.name: made_up(hints[one.name]) for one in required})  # type: ignore[operator]
    return None


_EMPTY = {dict: dict, Mapping: dict, list: list, set: set, frozenset: frozenset}


def texts_in(value: Any) -> Iterator[str]:
    """Every text anywhere inside an answer, errors included."""
    if isinstance(value, str | bytes):
        yield value.decode(errors="replace") if isinstance(value, bytes) else value
    elif isinstance(value, BaseException):
        yield str(value)
    elif isinstance(value, Mapping):
        yield from texts_in(list(value.items()))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from texts_in(one)
    elif dataclasses.is_dataclass(value):
        yield from texts_in([getattr(value, one.name) for one in dataclasses.fields(value)])
