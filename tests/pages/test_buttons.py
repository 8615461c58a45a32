"""Every button says in words what it does: a screen reader calls one that has only an icon by the icon's name."""

import ast
from pathlib import Path

import pytest

from engine.config import PROJECT

BUTTONS = ("button", "popover", "menu_button", "form_submit_button", "link_button", "download_button")
PAGES = sorted((PROJECT / "pages").rglob("*.py"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_button_has_words(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in BUTTONS]
    wordless = [call.lineno for call in made if call.args and ast.unparse(call.args[0]) in ("''", "' '")]
    assert wordless == []
