"""Files behind the gate: each is a use case, so that who may have it is asked again, and that it was taken is audited.

A new download is one line in `DOWNLOADS`; its address is `/download/<name>?w=<workspace>&…`, as `address` makes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine import audits, quota_exports, statement_files, warm_up_statements
from engine.desk import Denied, Problem
from engine.installation import current
from engine.visits import Visit
from engine.warm_up_statements import Statement
from pages.plain import audit_query, forms, quotas_query, statement_query, visitor

CSV = "text/csv; charset=utf-8"
_WRONG = "The address of this download is not right. Open the report, choose what it should hold and press its button."
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Download:
    """`make` answers the file that the query asks for, by a use case; ValueError for a query that is nonsense."""

    make: Callable[[Visit, QueryParams], str | bytes]
    file_name: str
    media_type: str = CSV


def _audit_log(visit: Visit, query: QueryParams) -> str:
    return visitor.ask(visit, audits.export_csv, **audit_query.read(query))


def _quotas(form: str) -> Callable[[Visit, QueryParams], bytes]:
    def make(visit: Visit, query: QueryParams) -> bytes:
        asked = quotas_query.read(query)
        return quota_exports.made(current().database, visit.actor, visit.workspace_id, visit.now, form, **asked)

    return make


def _statement(form: str, write: Callable[[Statement], bytes]) -> Callable[[Visit, QueryParams], bytes]:
    def make(visit: Visit, query: QueryParams) -> bytes:
        return write(visitor.ask(visit, warm_up_statements.taken, **statement_query.read(query), form=form))

    return make


DOWNLOADS: dict[str, Download] = {
    "audit-log.csv": Download(_audit_log, "audit-log.csv"),
    "quotas.csv": Download(_quotas("csv"), "quotas.csv"),
    "quotas.xlsx": Download(_quotas("excel"), "quotas.xlsx", EXCEL),
    "quotas.parquet": Download(_quotas("parquet"), "quotas.parquet", PARQUET),
    "statement.csv": Download(_statement("csv", statement_files.csv), "statement.csv"),
    "statement.xlsx": Download(_statement("xlsx", statement_files.excel), "statement.xlsx", EXCEL),
}


def address(name: str, workspace_id: int, **query: Any) -> str:
    given = {key: value for key, value in query.items() if value not in (None, "")}
    return f"/download/{name}?{urlencode({'w': workspace_id, **given}, doseq=True)}"


async def answer(request: Request) -> Response:
    wanted = DOWNLOADS.get(request.path_params["name"])
    if wanted is None:
        return forms.refusal(request, 404, "There is no such download. Open the report and press its button.")
    try:
        visit, content = await anyio.to_thread.run_sync(_make, request, wanted)
    except Denied as denied:
        return forms.refusal(request, 404, str(denied))
    except Problem as problem:
        return forms.refusal(request, 422, str(problem))
    except (ValueError, OverflowError):  # a day beyond the calendar's end is one as well
        return forms.refusal(request, 422, _WRONG)
    headers = {
        "Content-Disposition": f'attachment; filename="{visit.now:%Y-%m-%d}-{wanted.file_name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=wanted.media_type, headers=headers)


def _make(request: Request, wanted: Download) -> tuple[Visit, str | bytes]:
    visit = visitor.of(request)
    return visit, wanted.make(visit, request.query_params)


ROUTES = [Route("/download/{name}", answer, methods=["GET"])]
