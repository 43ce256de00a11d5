"""Assemble the page from a warehouse and write it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from support_analytics.dashboard import page_parts
from support_analytics.dashboard.extract import MAX_TICKETS, Payload, extract, open_warehouse
from support_analytics.dashboard.pack import deflate, pack, to_base64
from support_analytics.dbt_project import PROJECT
from support_analytics.dbt_runner import scratch_session
from support_analytics.exports import cell_rules
from support_analytics.publish import write_whole

# A page of this size still opens within seconds; more is worth a warning.
LARGE_PAGE_BYTES = 8_000_000


@dataclass(frozen=True)
class DashboardReport:
    """What was written."""

    path: Path
    size_bytes: int
    tickets_count: int
    texts_count: int
    warnings: list[str] = field(default_factory=list)


def write_dashboard(
    db_path: Path,
    out_path: Path,
    *,
    with_text: bool = True,
    max_tickets: int = MAX_TICKETS,
    redact: Callable[[str], str] | None = None,
    project: Path = PROJECT,
) -> DashboardReport:
    """Write the Support Health page of a built warehouse; the same warehouse gives the same bytes.

    with_text: whether message texts, redacted, are on the page. Past max_tickets it holds the
    latest days only. redact makes SQL of redacted text from a column's SQL; without it the
    project's macro is compiled, which takes seconds. Raises UserError for a file that cannot be
    read or written.
    """
    with open_warehouse(db_path) as connection:
        payload = extract(
            connection,
            redact or project_redaction(project),
            with_text=with_text,
            max_tickets=max_tickets,
        )
    html = assemble(payload)
    write_whole(out_path, [html], makes_folder=True)
    warnings = list(payload.warnings)
    if len(html) > LARGE_PAGE_BYTES:
        warnings.append(f"the page has {len(html) / 1e6:.1f} MB and opens slowly on old machines")
    return DashboardReport(
        out_path, len(html), payload.window.tickets_in_window, payload.texts_count, warnings
    )


def assemble(payload: Payload) -> bytes:
    """The whole document, UTF-8."""
    library = _library()
    style = page_parts.part("page.css")
    script = page_parts.script()
    block = pack(payload.columns, payload.facts | {"charts": _charts()})
    policy = (
        f"default-src 'none'; script-src {_hash(script)} {_hash(library)}; "
        f"style-src {_hash(style)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        page_parts.template()
        .substitute(
            policy=policy,
            style=style,
            menus=page_parts.filter_menus(),
            vega=to_base64(deflate(library)),
            block=to_base64(block),
            script=script,
            min_tickets=payload.facts["min_tickets_for_percentile"],
            **page_parts.chart_cards(),
        )
        .encode("utf-8")
    )


def project_redaction(project: Path = PROJECT) -> Callable[[str], str]:
    """The project's macro redact_text, compiled. Raises BuildError where dbt cannot."""
    with scratch_session(project) as session:
        return cell_rules(session).redact


@lru_cache(maxsize=1)
def _library() -> str:
    """Vega and Vega-Embed as one script."""
    import vl_convert

    return vl_convert.javascript_bundle()


@lru_cache(maxsize=1)
def _charts() -> dict[str, dict]:
    from support_analytics.dashboard.charts import vega_charts

    return vega_charts()


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
