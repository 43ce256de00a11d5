"""Labels in: replies of an LLM, checked one by one; what is not exactly an answer is rejected."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from support_analytics.dbt_project import PROJECT
from support_analytics.errors import UserError, one_line
from support_analytics.llm.formats import Reply, read_reply
from support_analytics.llm.labels import (
    LABELS_FILE,
    LABELS_SCHEMA,
    Label,
    add_labels,
    load_ai_labels,
)
from support_analytics.llm.project import (
    ProjectSql,
    open_tickets,
    parts_of_custom_id,
    project_sql,
)
from support_analytics.publish import write_whole
from support_analytics.sources import refuse_same_file
from support_analytics.warehouse import RAW_SCHEMA, create_raw_table

ANSWER_FIELDS = {"category", "topic", "rationale"}
REJECT_COLUMNS = ("line_number", "custom_id", "ticket_id", "reasons", "answer")
SHOWN_ANSWER = 300
_NO_REPLY = {"line_not_json", "unknown_reply_format", "request_not_reply"}
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class ImportOptions:
    """What to import. model names the LLM; without it the replies' own name counts."""

    database: Path
    replies: Path
    model: str = ""
    labels: Path = LABELS_FILE
    rejects: Path | None = None
    labelled_at: str | None = None

    @property
    def rejects_path(self) -> Path:
        """Where rejected replies go: beside the replies, unless it is said."""
        return self.rejects or self.replies.with_name(f"{self.replies.stem}.rejected.csv")


@dataclass(frozen=True)
class Reject:
    """A reply that gave no label, and why. answer is its beginning."""

    line_number: int
    custom_id: str
    ticket_id: str
    reasons: str
    answer: str


@dataclass
class ImportReport:
    """What was imported. Tokens are those that the vendor counted."""

    replies: int = 0
    added: list[Label] = field(default_factory=list)
    known: int = 0
    rejects: list[Reject] = field(default_factory=list)
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        """Rejected replies by reason, the commonest first."""
        counts = Counter(reason for reject in self.rejects for reason in reject.reasons.split("|"))
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def import_labels(
    options: ImportOptions, project: Path = PROJECT, sql: ProjectSql | None = None
) -> ImportReport:
    """Add the valid labels among the replies to the file of labels; the others are rejected.

    A reply labels the ticket of its request's id and no other, and only while the ticket's text is
    the one that was asked about. Raises UserError and BuildError; files are then as they were.
    """
    refuse_same_file(
        {
            "--db": options.database,
            "--replies": options.replies,
            "--labels": options.labels,
            "--rejects": options.rejects_path,
        }
    )
    replies = _read_replies(options.replies)
    with open_tickets(options.database, ("ticket_id", "message_text")) as connection:
        existing = _existing_labels(connection, options.labels)
        sql = sql or project_sql(project)
        labelled_at = _labelled_at(connection, sql, options.labelled_at)
        report = ImportReport(
            replies=len(replies),
            tokens_in=sum(reply.tokens_in for _, reply in replies),
            tokens_out=sum(reply.tokens_out for _, reply in replies),
        )
        tickets = _asked_tickets(connection, sql, [reply for _, reply in replies])
        labels: dict[int, Label] = {}
        for line_number, reply in replies:
            ticket_id, found = _label(reply, tickets, options.model, labelled_at)
            if isinstance(found, Label):
                labels[line_number] = found
            else:
                report.rejects.append(_reject(line_number, reply, ticket_id, found))
        reasons = _label_reasons(connection, sql, labels)
    by_line = dict(replies)
    answered: set[str] = set()
    for line_number, label in labels.items():
        reply = by_line[line_number]
        # The first usable answer to a request counts; a later one may be a job that ran twice.
        reason = reasons[line_number] or ("duplicate_reply" if reply.custom_id in answered else "")
        if reason:
            report.rejects.append(_reject(line_number, reply, label.ticket_id, reason))
            continue
        answered.add(reply.custom_id)
        label = _one_line_label(label)
        if astuple(label)[:-1] in existing:
            report.known += 1
        else:
            report.added.append(label)
    report.rejects.sort(key=lambda reject: reject.line_number)
    # The labels last: whoever finds them finds the rejects of the same run.
    rejects = _rejects_csv(report.rejects, sql).encode()
    add_labels(options.labels, report.added, lambda: write_whole(options.rejects_path, [rejects]))
    return report


def read_answer(answer: str) -> dict[str, str]:
    """The fields of an answer. Raises ValueError, whose text is the reason, for anything else.

    Exactly one JSON object with exactly the fields asked for, each a text, none twice. A fence
    around the whole answer is taken off. Fields that were not asked for may be the ticket's doing,
    so they spoil the answer instead of being dropped.
    """
    fenced = _FENCED.fullmatch(answer)
    try:
        fields = json.loads(fenced.group(1) if fenced else answer, object_pairs_hook=_no_doubles)
        json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("answer_not_json") from None
    if not isinstance(fields, dict) or set(fields) != ANSWER_FIELDS:
        raise ValueError("answer_has_other_fields")
    if not all(isinstance(value, str) for value in fields.values()):
        raise ValueError("answer_has_other_types")
    return fields


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a field stands twice")
    return dict(pairs)


def _read_replies(path: Path) -> list[tuple[int, Reply]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"--replies {path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"--replies {path} is a folder; give the file in it") from None
    except UnicodeDecodeError:
        raise UserError(f"--replies {path} is not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"--replies {path} cannot be read: {error.strerror or error}") from None
    # Not splitlines(), which also cuts at characters that may stand inside of JSON.
    lines = [
        (number, line.strip())
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    if not lines:
        raise UserError(f"--replies {path} is empty; one JSON reply a line was expected")
    replies = [(number, read_reply(line)) for number, line in lines]
    problems = {reply.problem for _, reply in replies}
    if problems <= _NO_REPLY and "request_not_reply" in problems:
        raise UserError(
            f"--replies {path} holds the requests, as export_prompts.py writes them; give the file "
            "of replies that the batch job makes of them"
        )
    if problems <= _NO_REPLY:
        raise UserError(
            f"--replies {path} has no reply of a known format; one line of JSON a reply was "
            "expected, as the batch APIs of OpenAI, Anthropic or Google give them"
        )
    return replies


def _existing_labels(connection: duckdb.DuckDBPyConnection, path: Path) -> set[tuple[str, ...]]:
    """What the file of labels says already, times left out."""
    if not path.exists():
        if not path.parent.is_dir():
            raise UserError(f"--labels {path}: no such folder")
        return set()
    load_ai_labels(connection, path)
    columns = ", ".join(list(LABELS_SCHEMA.columns)[:-1])
    return set(connection.execute(f"select {columns} from {RAW_SCHEMA}.ai_labels").fetchall())


def _labelled_at(connection: duckdb.DuckDBPyConnection, sql: ProjectSql, text: str | None) -> str:
    if text is None:
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    parsed = connection.execute(
        f"select {sql.parts['labelled_at']} from (select ? as labelled_text)", [text]
    ).fetchone()[0]
    if parsed is None:
        raise UserError(f"--labelled-at '{text}' is not a timestamp such as 2025-11-04T01:30:00Z")
    return text


def _asked_tickets(
    connection: duckdb.DuckDBPyConnection, sql: ProjectSql, replies: list[Reply]
) -> Mapping[str, tuple[str, str]]:
    """The tickets that replies name, by key: their id and the hash of their present text."""
    keys = {parts[0] for reply in replies if (parts := parts_of_custom_id(reply.custom_id))}
    rows = connection.execute(
        f"select ticket_key, ticket_id, {sql.hashed('message_text')}"
        f" from (select *, {sql.key('ticket_id')} as ticket_key from tickets)"
        " where ticket_key in (select unnest(cast(? as varchar[])))",
        [sorted(keys)],
    ).fetchall()
    return {key: (ticket_id, text_hash) for key, ticket_id, text_hash in rows}


def _label(
    reply: Reply,
    tickets: Mapping[str, tuple[str, str]],
    model: str,
    labelled_at: str,
) -> tuple[str, Label | str]:
    """The ticket's id, where it is known, and the reply's label or the reason why it has none."""
    parts = parts_of_custom_id(reply.custom_id)
    ticket_id, text_hash = tickets.get(parts[0], ("", "")) if parts else ("", "")
    if reply.problem and not reply.custom_id:
        return ticket_id, reply.problem
    if not parts or not ticket_id:
        return ticket_id, "unknown_ticket"
    if reply.problem:
        return ticket_id, reply.problem
    if not text_hash.startswith(parts[1]):
        return ticket_id, "text_changed"
    try:
        answer = read_answer(reply.answer)
    except ValueError as error:
        return ticket_id, str(error)
    return ticket_id, Label(
        ticket_id=ticket_id,
        ai_category=answer["category"],
        ai_topic=answer["topic"],
        ai_rationale=_CONTROL.sub(" ", answer["rationale"]),
        model=model or reply.model,
        prompt_version=parts[2],
        text_hash=text_hash,
        labelled_at=labelled_at,
    )


def _label_reasons(
    connection: duckdb.DuckDBPyConnection, sql: ProjectSql, labels: Mapping[int, Label]
) -> dict[int, str]:
    """For each label the reasons for which the build would reject it; empty where it would not."""
    table = create_raw_table(connection, LABELS_SCHEMA)
    if not labels:
        return {}
    columns = {
        column: pa.array([getattr(label, column) for label in labels.values()], pa.string())
        for column in LABELS_SCHEMA.columns
    }
    given = pa.table(columns | {"line_number": pa.array(list(labels), pa.int64())})  # noqa: F841
    connection.execute(f"insert into {table} by name select * from given")
    return dict(
        connection.execute(f"select line_number, reasons from ({sql.checked_labels()})").fetchall()
    )


def _one_line_label(label: Label) -> Label:
    return Label(
        **{name: " ".join(value.split()) for name, value in vars(label).items()}
        | {"ticket_id": label.ticket_id}
    )


def _reject(line_number: int, reply: Reply, ticket_id: str, reasons: str) -> Reject:
    return Reject(
        line_number, reply.custom_id, ticket_id, reasons, one_line(reply.answer, SHOWN_ANSWER)
    )


def _rejects_csv(rejects: list[Reject], sql: ProjectSql) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(REJECT_COLUMNS)
    # Half of a surrogate pair, which a reply may hold, is no text.
    texts = [
        text.encode("utf-8", "replace").decode()
        for reject in rejects
        for text in astuple(reject)[1:]
    ]
    with duckdb.connect() as connection:
        cells = iter(
            connection.execute(
                f"select {sql.neutralised('text')}"
                " from (select unnest(cast(? as varchar[])) as text)",
                [texts],
            ).fetchall()
        )
    for reject in rejects:
        fields = [next(cells)[0] for _ in REJECT_COLUMNS[1:]]
        writer.writerow([reject.line_number, *fields])
    return lines.getvalue()
