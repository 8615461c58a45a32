"""The screenshots leave no page out."""

from engine.provider_apps import APPROVAL_RETURN, GOOGLE_RETURN, MICROSOFT_RETURN
from pages.plain import look_files, routes
from pages.registry import FIRST, PAGES
from practice.screens import DOORS, FRESH, GATED, SHOTS, WAY_OUT, WAYS, WELCOME

NO_PAGES = {GOOGLE_RETURN, MICROSOFT_RETURN, APPROVAL_RETURN, "/health", *(route.path for route in look_files.ROUTES)}


def test_every_page_of_the_panel_is_photographed() -> None:
    taken = {shot.path.split("?")[0] or FIRST for shot in SHOTS}
    assert taken == set(PAGES)


def test_every_page_that_anybody_may_open_is_photographed() -> None:
    taken = [path.split("?")[0].replace(WAY_OUT, "/unsubscribe/it") for _, path, _ in (*DOORS, WELCOME)]
    shown = [route for route in routes.PUBLIC if "GET" in (route.methods or ()) and route.path not in NO_PAGES]
    assert [route.path for route in shown if not any(route.path_regex.match(path) for path in taken)] == []
    assert len(shown) > 8


def test_every_screen_is_taken_on_a_desk_and_a_phone_in_light_and_dark() -> None:
    assert {(way.width, way.dark) for way in WAYS} == {(1280, False), (1280, True), (390, False), (390, True)}


def test_no_screen_overwrites_another() -> None:
    names = [name for name, *_ in (*DOORS, *GATED, WELCOME)] + [shot.name for shot in (*SHOTS, *FRESH)]
    assert len(names) == len(set(names))
