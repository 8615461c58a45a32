"""What is read can be read: the theme's words against what lies under them, WCAG AA (4.5 : 1)."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config import PROJECT
from pages import accents, drawings, in_app_links

LEAST = 4.5
THEMES: dict[str, dict[str, Any]] = tomllib.loads((PROJECT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
PLAIN = Path(PROJECT / "pages/plain/look/panel.css").read_text(encoding="utf-8")
CHOSEN = 0.1  # Streamlit lays a chosen pill's own colour under its words, that thin
BADGE = 0.12  # and a badge of ours lies on so much of its own


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (one / 255 for one in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def laid_over(colour: str, ground: str, share: float) -> tuple[float, ...]:
    return tuple(share * above + (1 - share) * below for above, below in zip(rgb(colour), rgb(ground), strict=True))


def test_black_on_white_is_21_to_1() -> None:
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_buttons_and_links_of_the_panel_are_readable(name: str) -> None:
    theme = THEMES[name]
    grounds = [
        part[which] for part in (theme, theme["sidebar"]) for which in ("backgroundColor", "secondaryBackgroundColor")
    ]
    assert contrast(rgb("#ffffff"), rgb(theme["primaryColor"])) >= LEAST  # a primary button's words are white in both
    for ground in grounds:
        assert contrast(rgb(theme["textColor"]), rgb(ground)) >= LEAST
        assert contrast(rgb(theme["linkColor"]), rgb(ground)) >= LEAST
    chosen = laid_over(theme["primaryColor"], theme["backgroundColor"], CHOSEN)
    assert contrast(rgb(theme["linkColor"]), chosen) >= LEAST


@pytest.mark.parametrize(("name", "place"), [("light", 0), ("dark", 1)])
def test_buttons_and_links_of_the_plain_pages_are_readable(name: str, place: int) -> None:
    root = re.findall(r":root \{([^}]*)\}", PLAIN)[place]
    colours = {what: rgb(colour) for what, colour in re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", root)}
    for words, ground in (
        ("accent-ink", "accent"),  # a button
        ("accent-ink", "accent-down"),  # and under the pointer
        ("accent", "ground"),  # a link
        ("accent", "card"),
        ("ink", "card"),
        ("soft", "ground"),
        ("soft", "card"),
        ("bad", "bad-ground"),
        ("good", "good-ground"),
    ):
        assert contrast(colours[words], colours[ground]) >= LEAST, (name, words, ground)


@pytest.mark.parametrize(("name", "place"), [("light", 0), ("dark", 1)])
def test_every_badge_is_readable(name: str, place: int) -> None:
    for word in ("green", "blue", "orange", "red", "gray"):
        ((*pair,),) = drawn_pairs(drawings.badge(word, "check", word))
        colour, theme = pair[place], THEMES[name]
        assert colour == theme[f"{word}Color"]
        assert contrast(rgb(colour), laid_over(colour, theme["backgroundColor"], BADGE)) >= LEAST, (name, word)


def drawn_pairs(style: str) -> Iterator[tuple[str, ...]]:
    yield from re.findall(r"light-dark\((#[0-9a-f]{6}),(#[0-9a-f]{6})\)", style)


def test_what_is_drawn_beside_streamlit_s_own_has_the_theme_s_colours() -> None:
    known = {
        tuple(THEMES[name][which] for name in ("light", "dark")) for which in ("primaryColor", "linkColor", "borderColor")
    }
    assert set(drawn_pairs(accents.CHOSEN)) | set(drawn_pairs(in_app_links.STYLE)) == known
    assert {rgb(colour) for colour in re.findall(r"--accent: (#[0-9a-f]{6})", PLAIN)} <= {
        rgb(THEMES["light"]["primaryColor"]),
        rgb(THEMES["dark"]["chartCategoricalColors"][0]),
    }
