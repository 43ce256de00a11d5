"""Tickets out: one request a ticket whose text no LLM has labelled yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics.dbt_project import PROJECT
from support_analytics.errors import UserError
from support_analytics.llm.formats import (
    DEFAULT_FORMAT,
    DEFAULT_MAX_TOKENS,
    REQUESTS,
    Question,
)
from support_analytics.llm.labels import LABELS_FILE, LABELS_SCHEMA, load_ai_labels
from support_analytics.llm.project import TAGGED, ProjectSql, custom_id, open_tickets, project_sql
from support_analytics.publish import write_whole
from support_analytics.sources import refuse_same_file
from support_analytics.warehouse import RAW_SCHEMA, create_raw_table

TICKET_COLUMNS = ("ticket_id", "channel", "tag", "message_text")
# Rows held in memory.
BATCH_TICKETS = 10_000


@dataclass(frozen=True)
class ExportOptions:
    """What to export. model is needed where the format names it in each request."""

    database: Path
    out: Path
    file_format: str = DEFAULT_FORMAT
    model: str = ""
    labels: Path = LABELS_FILE
    limit: int | None = None
    only_tagged: bool = False
    show_tags: bool = False
    max_tokens: int = DEFAULT_MAX_TOKENS


@dataclass(frozen=True)
class ExportReport:
    """What was exported. Lengths are in characters, to estimate tokens before a job runs."""

    requests: int
    open_tickets: int
    labelled_tickets: int
    prompt_version: str
    system_characters: int
    user_characters: int


def export_prompts(
    options: ExportOptions, project: Path = PROJECT, sql: ProjectSql | None = None
) -> ExportReport:
    """Write the requests and return what was written. Raises UserError and BuildError.

    Asked are tickets with a text for which the file of labels has no usable label. Their order
    looks random and is always the same, so that a limit takes a fair sample.
    """
    make_request, names_model = REQUESTS[options.file_format]
    if names_model and not options.model:
        raise UserError(
            f"--model is needed: the format {options.file_format} names it in each request"
        )
    if options.out.is_dir():
        raise UserError(f"--out {options.out} is a folder; give a file name in it")
    refuse_same_file({"--db": options.database, "--labels": options.labels, "--out": options.out})
    with open_tickets(options.database, TICKET_COLUMNS) as connection:
        if options.labels.exists() or options.labels != LABELS_FILE:
            load_ai_labels(connection, options.labels)
        else:
            connection.execute(f"create schema {RAW_SCHEMA}")
            create_raw_table(connection, LABELS_SCHEMA)
        sql = sql or project_sql(project)
        connection.execute(
            f"create temp table usable as select distinct ticket_id, text_hash"
            f" from ({sql.checked_labels()}) where reasons = ''"
        )
        # Only the texts of labelled tickets are hashed to compare them.
        connection.execute(
            f"""
            create temp table asked as
            select ticket_id, channel, tag, message_text, {sql.key("ticket_id")} as ticket_key,
                ticket_id in (
                    select usable.ticket_id from usable join tickets using (ticket_id)
                    where usable.text_hash = {sql.hashed("tickets.message_text")}
                ) as is_labelled
            from tickets
            where {sql.has_text("message_text")}
                {"and tag is not null" if options.only_tagged else ""}
            """
        )
        open_count, labelled_count = connection.execute(
            "select count(*) filter (not is_labelled), count(*) filter (is_labelled) from asked"
        ).fetchone()
        questions = _Questions(connection, sql, options)
        requests = (make_request(one, options.model, options.max_tokens) for one in questions)
        lines = (json.dumps(request, ensure_ascii=False) + "\n" for request in requests)
        write_whole(options.out, (line.encode() for line in lines))
    return ExportReport(
        requests=questions.count,
        open_tickets=open_count,
        labelled_tickets=labelled_count,
        prompt_version=questions.version,
        system_characters=len(sql.prompt.system),
        user_characters=round(questions.characters / max(1, questions.count)),
    )


class _Questions:
    """The questions about the tickets in `asked`, a batch at a time, and what they were in all."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, sql: ProjectSql, options: ExportOptions
    ) -> None:
        self._connection = connection
        self._sql = sql
        self._options = options
        self.version = sql.prompt.version + (TAGGED if options.show_tags else "")
        self.count = 0
        self.characters = 0

    def __iter__(self) -> Iterator[Question]:
        prompt = self._sql.prompt
        limit = "" if self._options.limit is None else f"limit {self._options.limit}"
        result = self._connection.execute(
            f"""
            select ticket_key, {self._sql.key("message_text")}, channel, tag,
                {self._sql.redacted("message_text")}
            from (
                select * from asked where not is_labelled order by ticket_key {limit}
            ) order by ticket_key
            """
        )
        while rows := result.fetchmany(BATCH_TICKETS):
            for ticket_key, text_key, channel, tag, message in rows:
                user = prompt.about(message, tag if self._options.show_tags else None, channel)
                self.count += 1
                self.characters += len(user)
                yield Question(
                    custom_id(ticket_key, text_key, self.version),
                    prompt.system,
                    user,
                    prompt.schema,
                )
