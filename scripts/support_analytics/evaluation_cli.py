"""Command line of evaluate_rules.py: a labelled file in, tables of scores and mistakes out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from support_analytics.errors import UserError, one_line, reported

DEFAULT_MISTAKES = 15
_TEXT_LENGTH = 160


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 2 for what the user can put right, 1 for a failed model."""
    options = _parser().parse_args(arguments)
    try:
        for line in _report(options):
            print(line, flush=True)
    except BrokenPipeError:
        # Whoever reads has read enough; the interpreter must not complain about it on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        return reported(error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evaluate_rules.py",
        description="Run the project's models on labelled texts and compare their categories with "
        "the labels: accuracy, macro-F1, precision, recall and F1 with 95% bootstrap intervals, "
        "by source, the confusion matrix, and the worst mistakes with their evidence.",
        epilog="Exit code: 0 done; 1 a model failed; 2 a file or option to put right.",
    )
    parser.add_argument(
        "labelled", type=Path, metavar="LABELLED.csv", help="columns text,category[,source]"
    )
    parser.add_argument(
        "--rules", type=Path, metavar="CSV", help="judge these rules (default: the project's seed)"
    )
    parser.add_argument(
        "--mistakes",
        type=_count,
        default=DEFAULT_MISTAKES,
        metavar="N",
        help=f"mistakes to show, worst first (default: {DEFAULT_MISTAKES})",
    )
    parser.add_argument(
        "--leave-sources-out",
        action="store_true",
        help="also read each source without the rules that fire in that source only: a lower "
        "bound for text from elsewhere",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0")
    return int(text)


def _report(options: argparse.Namespace) -> Iterator[str]:
    # Imported late: --help and wrong options need neither DuckDB nor dbt.
    from support_analytics import evaluation

    categories = evaluation.ticket_categories()
    texts = evaluation.read_labelled(options.labelled, categories)
    sources = sorted({text.source for text in texts})
    if options.leave_sources_out and len(sources) < 2:
        raise UserError(
            f"{options.labelled} has texts of one source; --leave-sources-out needs a column "
            "source with two or more"
        )
    readings = evaluation.classify(texts, options.rules)
    scores = evaluation.score(texts, readings, categories)
    yield from _totals(scores)
    if len(sources) > 1:
        yield from _by_source(texts, dict(enumerate(readings)), sources, categories)
    if options.leave_sources_out:
        left_out = evaluation.leave_sources_out(texts, readings, options.rules)
        yield from _left_out(texts, left_out, categories)
    yield from _confusion(scores, categories)
    yield from _mistakes(evaluation.worst_mistakes(texts, readings, options.mistakes))


def _totals(scores) -> Iterator[str]:
    yield f"texts      {scores.texts}"
    yield f"accuracy   {_interval(scores.accuracy)}"
    yield f"macro-F1   {_interval(scores.macro_f1)}"
    yield ""
    yield f"{'category':12}{'texts':>6}  {'precision':20}{'recall':20}{'F1':20}"
    for one in scores.classes:
        yield (
            f"{one.category:12}{one.support:6}  {_interval(one.precision):20}"
            f"{_interval(one.recall):20}{_interval(one.f1):20}"
        )


def _by_source(texts, readings, sources, categories) -> Iterator[str]:
    from support_analytics.evaluation import score

    yield ""
    yield f"{'source':22}{'texts':>6}  {'accuracy':20}{'macro-F1':20}"
    for source in sources:
        rows = [number for number, text in enumerate(texts) if text.source == source]
        scores = score([texts[row] for row in rows], [readings[row] for row in rows], categories)
        yield _source_line(source, scores)


def _left_out(texts, left_out, categories) -> Iterator[str]:
    from support_analytics.evaluation import score

    yield ""
    yield "without the rules that fire in this source only"
    every_text, every_reading = [], []
    for source, readings in left_out.items():
        of_source = [text for text in texts if text.source == source]
        yield _source_line(source, score(of_source, readings, categories))
        every_text += of_source
        every_reading += readings
    yield _source_line("all", score(every_text, every_reading, categories))


def _source_line(source: str, scores) -> str:
    return (
        f"{source[:21] or '(none)':22}{scores.texts:6}  {_interval(scores.accuracy):20}"
        f"{_interval(scores.macro_f1):20}"
    )


def _confusion(scores, categories) -> Iterator[str]:
    yield ""
    yield f"{'label / read as':18}" + "".join(f"{category:>12}" for category in categories)
    for label in categories:
        counts = (scores.confusion.get((label, reading), 0) for reading in categories)
        yield f"{label:18}" + "".join(f"{count:12}" for count in counts)


def _mistakes(mistakes) -> Iterator[str]:
    if not mistakes:
        return
    yield ""
    yield "worst mistakes"
    for text, reading in mistakes:
        yield f"line {text.line}: {text.category}, read as {reading.category}"
        yield f"  {one_line(text.text, _TEXT_LENGTH)}"
        yield f"  {reading.rationale}"


def _interval(estimate) -> str:
    if estimate.value is None:
        return "-"
    if estimate.low is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"
