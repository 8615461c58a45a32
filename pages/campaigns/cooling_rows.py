"""The rows of an import whose people nobody of the workspace may invite on LinkedIn yet, and until when."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from engine import cool_downs
from engine.campaign_lists import CampaignView
from engine.import_checking import Cooling
from pages import notices, shell


def show(visit: shell.Visit, campaign: CampaignView, rows: Sequence[Cooling]) -> None:
    if not rows:
        return
    whom = "1 row is" if len(rows) == 1 else f"{len(rows):,} rows are"
    notices.info(
        f"{whom} in cool-down: an invitation to them was withdrawn less than {cool_downs.DAYS} days ago. They are imported "
        "all the same, and their connection request waits until the day below.",
        icon=":material/hourglass_bottom:",
    )
    zone = ZoneInfo(campaign.zone)
    table = [{"Row": one.row, "Person": one.name, "Free again": one.until.astimezone(zone).date()} for one in rows]
    column = {"Free again": st.column_config.DateColumn(format="ddd D MMM YYYY")}
    st.dataframe(table, hide_index=True, height="auto" if len(table) < 6 else 220, column_config=column)
