"""Command lines of export_prompts.py and import_labels.py: one summary or one error line out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from support_analytics.errors import positive, reported
from support_analytics.llm.formats import DEFAULT_FORMAT, DEFAULT_MAX_TOKENS, REQUESTS

EXIT_CODES = "Exit code: 0 done; 1 something broke; 2 an option or file to put right. On anything "
EXIT_CODES += "but 0 the files are as they were."


def export_main(arguments: Sequence[str] | None = None) -> int:
    """Run export_prompts.py; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="export_prompts.py",
        description="Write one request a ticket whose text no LLM has labelled yet, redacted, in "
        "the batch format of an LLM vendor. Sends nothing.",
        epilog=EXIT_CODES,
    )
    _add_database(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="JSONL", help="the requests; replaced"
    )
    parser.add_argument(
        "--format",
        choices=REQUESTS,
        default=DEFAULT_FORMAT,
        help=f"whose batch format (default: {DEFAULT_FORMAT})",
    )
    parser.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="the LLM, as the vendor names it; needed for openai and anthropic",
    )
    _add_labels(parser, "labels so far; texts that they hold are not asked about again")
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="at most so many, a fair sample of the tickets"
    )
    parser.add_argument(
        "--only-tagged", action="store_true", help="tickets with an agent's tag, to judge labels"
    )
    parser.add_argument(
        "--show-tags",
        action="store_true",
        help="let the LLM see the agents' tags; its labels can then not be judged by them",
    )
    parser.add_argument(
        "--max-tokens",
        type=positive,
        metavar="N",
        default=DEFAULT_MAX_TOKENS,
        help=f"bound of an answer, thinking included (default: {DEFAULT_MAX_TOKENS})",
    )
    return _run(parser.parse_args(arguments), _export)


def import_main(arguments: Sequence[str] | None = None) -> int:
    """Run import_labels.py; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="import_labels.py",
        description="Check the replies of an LLM's batch job and add the valid labels to the file "
        "that the next build reads. Rejected replies go to a CSV with their reasons.",
        epilog=EXIT_CODES,
    )
    _add_database(parser)
    parser.add_argument(
        "--replies", type=Path, required=True, metavar="JSONL", help="as the vendor gives them"
    )
    parser.add_argument(
        "--model", default="", metavar="NAME", help="the LLM (default: what the replies name)"
    )
    _add_labels(parser, "where labels are added", "--out")
    parser.add_argument(
        "--rejects",
        type=Path,
        metavar="CSV",
        help="replies without a label (default: <replies>.rejected.csv beside the replies)",
    )
    parser.add_argument(
        "--labelled-at", metavar="TIMESTAMP", help="when the labels were given (default: now)"
    )
    return _run(parser.parse_args(arguments), _import)


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--db",
        type=Path,
        required=True,
        metavar="FILE",
        help="the DuckDB file that the tickets were built into; only read",
    )


def _add_labels(parser: argparse.ArgumentParser, text: str, *names: str) -> None:
    parser.add_argument(
        "--labels",
        *names,
        type=Path,
        metavar="CSV",
        help=f"{text} (default: seeds/ai_labels.csv of the project)",
    )


def _export(options: argparse.Namespace) -> str:
    # Imported late: --help and wrong options need neither DuckDB nor dbt.
    from support_analytics.llm.labels import LABELS_FILE
    from support_analytics.llm.prompts import ExportOptions, export_prompts

    report = export_prompts(
        ExportOptions(
            database=options.db,
            out=options.out,
            file_format=options.format,
            model=options.model,
            labels=options.labels or LABELS_FILE,
            limit=options.limit,
            only_tagged=options.only_tagged,
            show_tags=options.show_tags,
            max_tokens=options.max_tokens,
        )
    )
    return (
        f"wrote {report.requests:,} requests of {report.open_tickets:,} tickets without a label "
        f"({report.labelled_tickets:,} have one) to {options.out}: prompt {report.prompt_version}, "
        f"{report.system_characters:,} characters and {report.user_characters:,} on average of "
        "the ticket"
    )


def _import(options: argparse.Namespace) -> str:
    from support_analytics.llm.labels import LABELS_FILE
    from support_analytics.llm.replies import ImportOptions, import_labels

    wanted = ImportOptions(
        database=options.db,
        replies=options.replies,
        model=options.model,
        labels=options.labels or LABELS_FILE,
        rejects=options.rejects,
        labelled_at=options.labelled_at,
    )
    report = import_labels(wanted)
    summary = f"added {len(report.added):,} labels to {wanted.labels}"
    if report.known:
        summary += f", {report.known:,} were there"
    if report.rejects:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in report.reasons.items())
        summary += (
            f"; rejected {len(report.rejects):,} of {report.replies:,} replies ({reasons}), "
            f"see {wanted.rejects_path}"
        )
    return f"{summary}; {report.tokens_in:,} tokens in, {report.tokens_out:,} out"


def _run(options: argparse.Namespace, command: Callable[[argparse.Namespace], str]) -> int:
    try:
        print(command(options))
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    return 0
