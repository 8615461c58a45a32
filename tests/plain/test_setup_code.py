"""The first start on a panel that others can reach: nobody becomes the owner without the code in the data folder."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import setup_code
from engine.config import load
from engine.desk import Problem
from storage.tables import User
from tests.live import LivePanel, form_token

OLGA = {"name": "Olga", "email": "olga@agency.test", "password": "eleven cobalt geese whistle", "workspace": "Acme"}


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({"OUTPOST_URL": "http://localhost:8501"}, False),
        ({"OUTPOST_ADDRESS": "::1"}, False),
        ({"OUTPOST_ADDRESS": "0.0.0.0"}, True),
        ({"OUTPOST_ADDRESS": "192.168.1.5"}, True),
        ({"OUTPOST_URL": "https://panel.example"}, True),
    ],
)
def test_the_code_is_asked_where_others_can_reach_the_panel(environment: dict[str, str], asked: bool) -> None:
    assert setup_code.is_asked(load(environment)) is asked


def test_the_code_is_long_stays_and_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    config = replace(load({"OUTPOST_ADDRESS": "0.0.0.0"}), data=tmp_path)
    file = setup_code.keep(config)
    code = file.read_text().strip()
    assert (len(code), file.stat().st_mode & 0o777) == (43, 0o600)
    assert setup_code.keep(config).read_text().strip() == code
    setup_code.check(config, f" {code}\n")
    for wrong in ("", code[:-1], "é"):
        with pytest.raises(Problem, match="not the set-up code"):
            setup_code.check(config, wrong)


@pytest.fixture
def public(tmp_path: Path) -> Iterator[LivePanel]:
    panel = LivePanel(tmp_path / "public", {"OUTPOST_URL": "http://panel.test"}).start()
    yield panel
    panel.stop()


def test_a_stranger_can_not_become_the_owner_and_who_reads_the_file_can(public: LivePanel) -> None:
    client = public.client()
    fields = {**OLGA, "form_token": form_token(client, "/welcome")}
    refused = client.post("/welcome", data=fields)
    assert refused.status_code == 422
    assert "That is not the set-up code." in refused.text
    assert 'value="Olga"' in refused.text
    with public.database().read() as session:
        assert session.query(User).count() == 0
    file = next(public.folder.rglob("setup-code"))
    assert client.post("/welcome", data={**fields, "code": file.read_text()}).headers["location"] == "/"
    assert not file.exists()
