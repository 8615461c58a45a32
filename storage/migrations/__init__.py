"""The database's versions, one file each; the file's number is its revision, and the highest is the newest."""

from pathlib import Path

FOLDER = Path(__file__).parent


def revisions() -> list[str]:
    """Every revision this program knows, oldest first, without importing Alembic."""
    return sorted(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))
