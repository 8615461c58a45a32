"""What is drawn as small pieces of HTML: what Streamlit has no part for, and what stands in lists.

A list's line is one piece, since every part of Streamlit's own costs a message, for each of 25 lines at every run.
Nothing here holds a person's text unescaped, and `st.html` cleans it once more.
"""

import base64
import html
import re
from datetime import date

# As in .streamlit/config.toml, light and dark; the app sets its colour scheme, so the browser chooses.
_COLOURS = {
    "green": "light-dark(#0e7750,#4fc795)",
    "blue": "light-dark(#2563c9,#79aef7)",
    "orange": "light-dark(#a35303,#eda84b)",
    "red": "light-dark(#c62f3a,#f4777f)",
    "gray": "light-dark(#646879,#9ba0b4)",
}


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BORDER = "1px solid light-dark(#dddee7,#323545)"


def badge(colour: str, icon: str, word: str) -> str:
    """A state's badge, as Streamlit draws its own; `icon` is of Material symbols."""
    return (
        f'<span style="display:inline-flex;align-items:center;gap:.25rem;padding:.0625rem .375rem;border-radius:.5rem;'
        f"font-size:.875rem;line-height:1.4;white-space:nowrap;vertical-align:middle;color:{_COLOURS[colour]};"
        f'background:color-mix(in srgb,currentColor 12%,transparent)">'
        f"{symbol(icon)}{html.escape(word)}</span>"
    )


def symbol(icon: str, size: str = "1rem") -> str:
    """A Material symbol, for the eye alone; nothing for no name."""
    if not icon:
        return ""
    look = f"font-family:Material Symbols Rounded;font-size:{size};line-height:1;font-feature-settings:'liga'"
    return f'<span aria-hidden="true" translate="no" style="{look}">{icon}</span>'


def quiet(text: str, hover: str = "", padding: str = "0") -> str:
    """Lines of less weight; `hover` is told to a pointer that rests on them."""
    return (
        f'<div title="{html.escape(hover)}" style="font-size:.875rem;line-height:1.4;opacity:.65;padding:{padding};'
        f'overflow-wrap:anywhere;white-space:pre-line">{html.escape(text)}</div>'
    )


def text(words: str) -> str:
    """A person's text, as text."""
    return f'<span style="font-size:.9rem;overflow-wrap:anywhere">{html.escape(words)}</span>'


def facts(rows: dict[str, str]) -> str:
    """Names and what each is, one below the other; nothing is cut, long values go on in the next line."""
    parts = (
        f'<dt style="opacity:.65">{html.escape(name)}</dt>'
        f'<dd dir="auto" style="margin:0;overflow-wrap:anywhere;min-width:0">{html.escape(value)}</dd>'
        for name, value in rows.items()
    )
    columns = "minmax(5rem,auto) minmax(0,1fr)"
    grid = f"display:grid;grid-template-columns:{columns};gap:.5rem 1rem;margin:0;padding:0;font-size:.9rem"
    return f'<dl style="{grid}">{"".join(parts)}</dl>'


def beside(parts: list[str], gap: str = ".5rem") -> str:
    """Pieces beside each other, on another line where there is no room."""
    return f'<div style="display:flex;flex-wrap:wrap;align-items:center;gap:.25rem {gap}">{"".join(parts)}</div>'


def below(parts: list[str], gap: str = ".5rem") -> str:
    """Pieces one below the other; empty ones take no room."""
    return f'<div style="display:flex;flex-direction:column;gap:{gap};min-width:0">{"".join(filter(None, parts))}</div>'


def led(first: str, rest: str) -> str:
    """A face with what is said of it at its right."""
    return f'<div style="display:flex;align-items:center;gap:.75rem">{first}{rest}</div>'


def cells(parts: list[str], width: str) -> str:
    """Cells of equal width, aligned from line to line; below each other where there is no room."""
    columns = f"repeat(auto-fit,minmax({width},1fr))"
    return (
        f'<div style="display:grid;grid-template-columns:{columns};gap:.35rem 1.25rem;align-items:center">'
        f"{''.join(f'<div>{part}</div>' for part in parts)}</div>"
    )


def tiles(parts: list[str], width: str) -> str:
    """Framed pieces beside each other, each at least so wide, as Streamlit's own grid draws them."""
    columns = f"repeat(auto-fit,minmax(min({width},100%),1fr))"
    return f'<div style="display:grid;grid-template-columns:{columns};gap:1rem">{"".join(map(_framed, parts))}</div>'


def _framed(part: str) -> str:
    return f'<div style="border:{_BORDER};border-radius:9px;padding:calc(1rem - 1px);min-width:0">{part}</div>'


def lines(parts: list[str]) -> str:
    """Framed pieces one below the other."""
    return below([_framed(part) for part in parts])


def named(name: str, width: str, rest: str) -> str:
    """A name in a column of its own with what is said of it beside it, or below it where there is no room."""
    return (
        f'<div style="display:flex;flex-wrap:wrap;align-items:center;gap:.5rem">'
        f'<div style="flex:1 1 {width};max-width:{width};min-width:0">{name}</div>'
        f'<div style="flex:999 1 21rem;min-width:0">{rest}</div></div>'
    )


def meters(rows: list[tuple[str, int, int]]) -> str:
    """Several meters (label, used, limit) beside each other, with their numbers aligned."""
    if not rows:
        return ""
    columns = "repeat(auto-fit,minmax(7.75rem,1fr))"
    grid = f"display:grid;grid-template-columns:{columns};gap:.35rem 1.25rem;max-width:{14 * len(rows)}rem"
    return f'<div style="{grid}">{"".join(map(meter, rows))}</div>'


# Streamlit's progress bar has no colour of its own and no thin form, so this one is drawn; it holds no text of a person.
# The two colours are legible on both backgrounds.
def meter(row: tuple[str, int, int]) -> str:
    label, used, limit = row
    share = min(1.0, used / limit) if limit else 0.0
    colour = "#d9820b" if share >= 0.8 else "#2f9e6e"
    return (
        '<div style="font-size:.8rem;line-height:1.35;font-variant-numeric:tabular-nums">'
        '<div style="display:flex;justify-content:space-between;gap:.5rem;white-space:nowrap">'
        f'<span style="opacity:.65">{html.escape(label)}</span><span>{used:,} / {limit:,}</span></div>'
        '<div style="height:4px;border-radius:2px;background:rgba(128,128,128,.22);margin-top:3px">'
        f'<div style="height:4px;border-radius:2px;width:{share:.1%};background:{colour}"></div></div></div>'
    )


def calendar(days: list[tuple[date, int, str]]) -> str:
    """Weeks from Monday to Sunday: each day is (date, how many, what a resting pointer is told), without gaps."""
    if not days:
        return ""
    heads = "".join(f'<div style="font-size:.75rem;opacity:.65;text-align:center">{name}</div>' for name in _WEEKDAYS)
    before = "<div></div>" * (days[0][0].isoweekday() - 1)
    grid = "display:grid;grid-template-columns:repeat(7,minmax(0,1fr));gap:.25rem;max-width:32rem"
    return f'<div style="{grid}">{heads}{before}{"".join(map(_day, days))}</div>'


def _day(of: tuple[date, int, str]) -> str:
    day, count, hover = of
    number = f'<span style="font-size:.75rem;opacity:.65">{day.day}{f" {day:%b}" if day.day == 1 else ""}</span>'
    held = f'<b style="font-size:.95rem;color:{_COLOURS["blue"]}">{count:,}</b>' if count else "<span>&nbsp;</span>"
    return (
        f'<div title="{html.escape(hover)}" style="display:flex;flex-direction:column;align-items:center;line-height:1.35;'
        f"padding:.25rem 0;border:{_BORDER};border-radius:7px;font-variant-numeric:tabular-nums;"
        f'min-width:0">{number}{held}</div>'
    )


def photo(content: bytes, size: int) -> str:
    source = base64.b64encode(content).decode()
    return (
        f'<img alt="" src="data:image/webp;base64,{source}" width="{size}" height="{size}" '
        'style="border-radius:50%;object-fit:cover;display:block;flex:none">'
    )


def disc(name: str, size: int) -> str:
    hue = sum(map(ord, name)) * 47 % 360
    return (
        f'<div aria-hidden="true" style="width:{size}px;height:{size}px;border-radius:50%;display:flex;flex:none;'
        f"align-items:center;justify-content:center;font-weight:600;"
        f"font-size:{size * 0.38:.0f}px;color:#fff;background:hsl({hue} 35% 34%)"
        f'">{html.escape(initials(name))}</div>'
    )


def initials(name: str) -> str:
    """The first letters of the first and last word; a name without letters gives "?"."""
    letters = [word[0].upper() for word in re.findall(r"[^\W\d_]+", name)]
    return "".join([*letters[:1], *letters[1:][-1:]]) or "?"
