"""The screenshots leave no page out."""

from pages.registry import FIRST, PAGES
from practice.screens import SHOTS


def test_every_page_of_the_panel_is_photographed() -> None:
    taken = {shot.path.split("?")[0] or FIRST for shot in SHOTS}
    assert taken == set(PAGES)


def test_no_screen_overwrites_another() -> None:
    names = [shot.name for shot in SHOTS]
    assert len(names) == len(set(names))
