"""The triggers that let the ledger and the audit log grow and never change."""

from sqlalchemy import Connection, text

APPEND_ONLY = ("event", "audit")
_SENTENCE = "The table {table} is append-only."

_SQLITE = """CREATE TRIGGER IF NOT EXISTS {table}_refuses_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{sentence}'); END"""
_POSTGRESQL_FUNCTION = """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'The table % is append-only.', TG_TABLE_NAME; END $$"""
_POSTGRESQL = """CREATE OR REPLACE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""


def protect(connection: Connection) -> None:
    """Create the triggers that are missing: after every migration, because rebuilding a table on SQLite drops its own."""
    for statement in _statements(connection.dialect.name):
        connection.execute(text(statement))


def _statements(dialect: str) -> list[str]:
    if dialect == "postgresql":
        return [_POSTGRESQL_FUNCTION, *(_POSTGRESQL.format(table=table) for table in APPEND_ONLY)]
    return [
        _SQLITE.format(table=table, verb=verb, sentence=_SENTENCE.format(table=table))
        for table in APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ]
