"""What the seam takes from the dbt project: the prompt, redaction, hashes, the rules of a label."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from support_analytics.dbt_project import PROJECT
from support_analytics.dbt_runner import scratch_session
from support_analytics.errors import UserError
from support_analytics.llm.labels import LABEL_COLUMNS
from support_analytics.warehouse import RAW_SCHEMA, open_built

_TICKETS = "marts.fct_tickets"
_COLUMN = "rendered_column"
# Rendered by dbt, so that export, import and build cannot mean different things.
_JINJA = (
    "{{ tojson({"
    "'prompt': llm_prompt_spec(),"
    f"'redacted': redact_text('{_COLUMN}'),"
    f"'hashed': text_hash('{_COLUMN}'),"
    f"'trimmed': trimmed('{_COLUMN}'),"
    f"'has_text': has_text('{_COLUMN}'),"
    f"'neutralised': neutralise_cell('{_COLUMN}'),"
    "'labelled_at': parse_instant('labelled_text'),"
    "'reasons': ai_label_reasons(),"
    "'is_redacting': var('redact', true),"
    "}) }}"
)
_PLACEHOLDER = re.compile(r"\{(message|tag|channel)\}")
# Of labels that were given with the tag in sight, which the tag can therefore not judge.
TAGGED = "-tagged"
# Part of custom_id, whose letters and length Anthropic and Vertex limit.
_PROMPT_VERSION = re.compile(r"[a-z0-9_-]{1,11}")
# 20 characters of each hash: 80 bits.
_CUSTOM_ID = re.compile(r"([0-9a-f]{20})-([0-9a-f]{20})-([a-z0-9_-]{1,20})")


@dataclass(frozen=True)
class Prompt:
    """The macro llm_prompt_spec: system text, template of a ticket, schema of the answer."""

    version: str
    system: str
    user: str
    schema: Mapping[str, Any]

    def about(self, message: str, tag: str | None, channel: str | None) -> str:
        """The template with the ticket's values, each as JSON, so that none can leave its field."""
        values = {"message": message, "tag": tag, "channel": channel}
        return _PLACEHOLDER.sub(
            lambda found: json.dumps(values[found.group(1)], ensure_ascii=False), self.user
        )


@dataclass(frozen=True)
class ProjectSql:
    """The project's prompt, and SQL of its macros for a column."""

    prompt: Prompt
    parts: Mapping[str, str]

    def redacted(self, column: str) -> str:
        """SQL of the column's text, redacted."""
        return self.parts["redacted"].replace(_COLUMN, column)

    def hashed(self, column: str) -> str:
        """SQL of the hash of the column's text."""
        return self.parts["hashed"].replace(_COLUMN, column)

    def has_text(self, column: str) -> str:
        """SQL: whether the column's text says anything."""
        return self.parts["has_text"].replace(_COLUMN, column)

    def neutralised(self, column: str) -> str:
        """SQL of the column's text as a CSV's cell that a spreadsheet shows and does not run."""
        return self.parts["neutralised"].replace(_COLUMN, column)

    def key(self, column: str) -> str:
        """SQL of the part of a custom_id that stands for the column's text."""
        return f"substr({self.hashed(column)}, 1, 20)"

    def checked_labels(self) -> str:
        """SQL of raw.ai_labels, trimmed, with `reasons` why a label may not be used."""
        trimmed = ", ".join(
            f"{self.parts['trimmed'].replace(_COLUMN, column)} as "
            + ("labelled_text" if column == "labelled_at" else column)
            for column in LABEL_COLUMNS
        )
        return f"""
            select *, case when malformed_record is not null then 'malformed_row'
                else {self.parts["reasons"]} end as reasons
            from (
                select *, {self.parts["labelled_at"]} as labelled_at
                from (select line_number, malformed_record, {trimmed} from {RAW_SCHEMA}.ai_labels)
            )
        """


def project_sql(project: Path = PROJECT) -> ProjectSql:
    """Render the project's macros. Raises BuildError, and UserError for settings to put right."""
    with scratch_session(project) as session:
        rendered = json.loads(session.render(_JINJA))
    if not rendered["is_redacting"]:
        raise UserError("the var redact is false; texts leave the house redacted only: remove it")
    spec = rendered["prompt"]
    if not _PROMPT_VERSION.fullmatch(spec["version"]):
        raise UserError(
            f"the version '{spec['version']}' of llm_prompt_spec must be 1 to 11 of a-z, 0-9, - "
            "and _, as it stands in the requests' ids"
        )
    prompt = Prompt(spec["version"], spec["system"], spec["user"], spec["response_schema"])
    return ProjectSql(prompt, rendered)


def custom_id(ticket_key: str, text_key: str, prompt_version: str) -> str:
    """The id of a request: which ticket, which text, which prompt. At most 62 safe characters."""
    return f"{ticket_key}-{text_key}-{prompt_version}"


def parts_of_custom_id(text: str) -> tuple[str, str, str] | None:
    """(ticket key, text key, prompt version), or None for an id that is none of ours."""
    match = _CUSTOM_ID.fullmatch(text)
    return match.groups() if match else None


def open_tickets(database: Path, columns: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """A scratch connection with the columns of the database's fct_tickets as the view `tickets`.

    The database is opened read-only. Raises UserError when it is none, or not built yet.
    """
    connection = open_built(database, [_TICKETS])
    # Labels are read into memory, beside it.
    connection.execute("use memory")
    try:
        connection.execute(
            f"create temp view tickets as select {', '.join(columns)} from built.{_TICKETS}"
        )
    except duckdb.BinderException:
        connection.close()
        raise UserError(
            f"--db {database} has another {_TICKETS}; build it with this version first"
        ) from None
    return connection
