"""What the storage tests may ask for: a configuration in a folder of its own."""

from pathlib import Path

import pytest

from engine.config import Config, load


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load({"OUTPOST_DATA": str(tmp_path / "data")})
