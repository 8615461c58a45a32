"""The reports' charts, in the theme's own colours."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from engine.quota_reports import Day, Heat

_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_HEIGHT = 240


def trend(days: Sequence[Day]) -> Any:
    """Bars of what was spent, and a mark at the limit that was in force on that day."""
    frame = pd.DataFrame(
        {
            "Day": [str(day.day) for day in days],
            "Spent": [day.spent for day in days],
            "Limit": [day.allowed for day in days],
        }
    )
    # One place a day, not a span of time: a bar stands over its day however few there are.
    axis = alt.Axis(format="%-d %b", labelAngle=0, labelOverlap=True)
    shown = alt.Chart(frame, height=_HEIGHT).encode(alt.X("yearmonthdate(Day):O", title=None, axis=axis))
    hover = [alt.Tooltip("Day:T", format="%a %-d %b %Y"), "Spent:Q", "Limit:Q"]
    bars = shown.mark_bar().encode(alt.Y("Spent:Q", title=None), tooltip=hover)
    marks = shown.mark_tick(thickness=2, color="#8a8ea3").encode(alt.Y("Limit:Q"), tooltip=hover)
    return alt.layer(bars, marks.transform_filter("datum.Limit > 0"))


def heat_map(cells: Sequence[Heat]) -> Any:
    frame = pd.DataFrame(
        {
            "Weekday": [_WEEKDAYS[cell.weekday - 1] for cell in cells],
            "Hour": [cell.hour for cell in cells],
            "Spent": [cell.spent for cell in cells],
        }
    )
    return (
        alt.Chart(frame, height=_HEIGHT)
        .mark_rect(cornerRadius=2)
        .encode(
            alt.X("Hour:O", title=None, scale=alt.Scale(domain=list(range(24))), axis=alt.Axis(labelAngle=0)),
            alt.Y("Weekday:O", title=None, scale=alt.Scale(domain=_WEEKDAYS)),
            alt.Color("Spent:Q", title=None, legend=None),
            tooltip=["Weekday:O", "Hour:O", "Spent:Q"],
        )
    )
