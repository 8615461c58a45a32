"""What every run of the panel does first: who is here, the sidebar, and then the page that the URL names."""

import streamlit as st

from engine import health
from engine.installation import current
from pages import accents, errors, notices, practice_bar, shell, sidebar
from pages.registry import FIRST, FOLDER, PAGES

_MARK = str(FOLDER / "plain/look/mark.svg")


def main() -> None:
    st.set_page_config(page_title="Outpost", page_icon=_MARK, layout="wide", initial_sidebar_state=accents.SIDEBAR)
    st.logo(_MARK, size="large")
    chosen = st.navigation([shell.open_page(page) for page in PAGES.values()], position="hidden")
    page = PAGES[chosen.url_path or FIRST]
    visit = shell.arrive(without_workspace=page.without_workspace)
    sidebar.show(visit, page)
    practice_bar.show(visit)
    _warn_of_disk()
    shell.require(page.needs, visit)
    try:
        chosen.run()
    except shell.Problem as problem:
        notices.error(problem)
    except Exception as error:
        errors.show(error, page.slug)


def _warn_of_disk() -> None:
    """Over every page: what fails when the disk is full fails for everybody, and any of them may know whom to call."""
    disk = health.disk(current().config)
    if not disk.is_well:
        notices.error(disk.sentence, icon=":material/hard_drive:")


main()
