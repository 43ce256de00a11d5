"""How well the rules read labelled text: real models run on it, and their labels are compared."""

from __future__ import annotations

import csv
import io
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from support_analytics import warehouse
from support_analytics.dbt_project import PROJECT, project_vars
from support_analytics.dbt_runner import DATABASE_NAME, scratch_session
from support_analytics.errors import BuildError, UserError

RULES_FILE = Path("seeds") / "category_rules.csv"
RULE_COLUMNS = ("category", "topic", "pattern", "weight", "purpose")
BOOTSTRAP_SAMPLES = 1000
BOOTSTRAP_SEED = 20250101
# Outer percentiles of a 95% interval.
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class LabelledText:
    """One row of the labelled file; line is where it starts, the header being 1."""

    line: int
    text: str
    category: str
    source: str = ""


@dataclass(frozen=True)
class Reading:
    """What the models made of a text. rules are the lines of the rules that fired in it."""

    category: str
    topic: str
    rationale: str
    margin: float
    scores: Mapping[str, float]
    rules: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95% bootstrap interval; None where its denominator is 0."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of one category, and the number of texts that have it."""

    category: str
    support: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class Scores:
    """Agreement of labels and readings. confusion counts (label, reading)."""

    texts: int
    accuracy: Estimate
    macro_f1: Estimate
    classes: tuple[ClassScores, ...]
    confusion: Mapping[tuple[str, str], int]


def ticket_categories(project: Path = PROJECT) -> list[str]:
    """The taxonomy, from the project's settings."""
    return project_vars(project)["ticket_categories"]


def read_labelled(path: Path, categories: Sequence[str]) -> list[LabelledText]:
    """Read columns text, category and, where there is one, source. Raises UserError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _labelled_rows(path, csv.DictReader(file, strict=True), categories)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text; save it as UTF-8") from None


def classify(
    texts: Sequence[LabelledText], rules: Path | None = None, project: Path = PROJECT
) -> list[Reading]:
    """Run the project's models on the texts, as tickets without a tag, in a scratch database.

    rules stands in for the project's seed of rules. Raises UserError when they are none, or one of
    them cannot be used, and BuildError where the project's cannot.
    """
    if rules:
        _check_rules(rules)
    with tempfile.TemporaryDirectory(prefix="evaluate_rules_") as folder:
        work = Path(folder)
        database = work / DATABASE_NAME
        _load_tickets(database, texts)
        judged = _with_rules(project, work, rules) if rules else project
        try:
            with scratch_session(judged, work, database=database) as session:
                session.run("category_rules", "+int_tickets_evidence_weighed,resource_type:model")
        except BuildError as error:
            raise _about_rules(error, rules) or error from None
        return _readings(database, ticket_categories(project))


def score(
    texts: Sequence[LabelledText],
    readings: Sequence[Reading],
    categories: Sequence[str],
    samples: int = BOOTSTRAP_SAMPLES,
) -> Scores:
    """Compare labels with readings; intervals by resampling the texts, always in the same way.

    Macro-F1 is the mean of the F1 of the categories that the labels have.
    """
    labelled = {text.category for text in texts}
    present = [category for category in categories if category in labelled]
    cells = Counter(
        (text.category, reading.category) for text, reading in zip(texts, readings, strict=True)
    )
    figures = _figures(cells, present)
    resampled: dict[tuple[str, str], list[float]] = {name: [] for name in figures}
    chance = random.Random(BOOTSTRAP_SEED)
    for _ in range(samples):
        sample = Counter(chance.choices(list(cells), list(cells.values()), k=len(texts)))
        for name, value in _figures(sample, present).items():
            if value is not None:
                resampled[name].append(value)

    def estimate(*name: str) -> Estimate:
        return _estimate(figures[name], sorted(resampled[name]))

    return Scores(
        texts=len(texts),
        accuracy=estimate("all", "accuracy"),
        macro_f1=estimate("all", "macro_f1"),
        classes=tuple(
            ClassScores(
                category,
                sum(text.category == category for text in texts),
                estimate(category, "precision"),
                estimate(category, "recall"),
                estimate(category, "f1"),
            )
            for category in present
        ),
        confusion=cells,
    )


def worst_mistakes(
    texts: Sequence[LabelledText], readings: Sequence[Reading], count: int
) -> list[tuple[LabelledText, Reading]]:
    """The wrongly read texts for which the reading's score exceeds the label's by most."""
    mistakes = [
        (text, reading)
        for text, reading in zip(texts, readings, strict=True)
        if text.category != reading.category
    ]
    mistakes.sort(key=lambda pair: (-_excess(*pair), pair[0].line))
    return mistakes[:count]


def without_own_rules(
    texts: Sequence[LabelledText], readings: Sequence[Reading], source: str
) -> frozenset[int]:
    """Lines of the rules that fire in texts of the source and in no other source's.

    What the rules score on the source without them is what they would score had nobody thought
    of a word that only this source uses: a lower bound for text from elsewhere.
    """
    own: set[int] = set()
    others: set[int] = set()
    for text, reading in zip(texts, readings, strict=True):
        (own if text.source == source else others).update(reading.rules)
    return frozenset(own - others)


def write_rules_without(lines: frozenset[int], target: Path, rules: Path) -> Path:
    """Copy a file of rules without the given lines to target and return it."""
    with rules.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        kept, line = [], 1
        for row in reader:
            kept.append((line, row))
            # A record may stand on several lines; the models know it by its first.
            line = reader.line_num + 1
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            row for line, row in kept if line not in lines
        )
    return target


def leave_sources_out(
    texts: Sequence[LabelledText],
    readings: Sequence[Reading],
    rules: Path | None = None,
    project: Path = PROJECT,
) -> dict[str, list[Reading]]:
    """Read each source again by the rules that at least one other source needs too."""
    readings_without = {}
    with tempfile.TemporaryDirectory(prefix="evaluate_rules_") as folder:
        for source in sorted({text.source for text in texts}):
            kept = write_rules_without(
                without_own_rules(texts, readings, source),
                Path(folder) / "category_rules.csv",
                rules or project / RULES_FILE,
            )
            of_source = [text for text in texts if text.source == source]
            readings_without[source] = classify(of_source, kept, project)
    return readings_without


def create_tickets_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the raw table of tickets, empty, where the models read it."""
    connection.execute(f"create schema {warehouse.RAW_SCHEMA}")
    warehouse.create_raw_table(connection, warehouse.raw_schema(PROJECT, warehouse.TICKETS_TABLE))


def _labelled_rows(
    path: Path, reader: csv.DictReader[str], categories: Sequence[str]
) -> list[LabelledText]:
    missing = [name for name in ("text", "category") if name not in (reader.fieldnames or [])]
    if missing:
        raise UserError(
            f"{path} line 1: column '{missing[0]}' is missing; the header needs text,category "
            "and may have source"
        )
    texts = []
    line = reader.line_num + 1
    try:
        for row in reader:
            # Where the record starts: blank lines before it are no records.
            line = reader.line_num - sum(str(value).count("\n") for value in row.values())
            category = (row["category"] or "").strip().lower()
            if category not in categories:
                raise UserError(
                    f"{path} line {line}: category '{category}' is not one of "
                    f"{', '.join(categories)}; correct it"
                )
            if not (row["text"] or "").strip():
                raise UserError(f"{path} line {line}: text is empty; fill it in or delete the row")
            source = (row.get("source") or "").strip()
            texts.append(LabelledText(line, row["text"], category, source))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f'{path} line {line}: not CSV ({error}); quote texts with ""') from None
    if not texts:
        raise UserError(f"{path} has a header and no rows; add labelled texts")
    return texts


def _load_tickets(database: Path, texts: Sequence[LabelledText]) -> None:
    with duckdb.connect(str(database)) as connection:
        create_tickets_table(connection)
        connection.begin()
        connection.executemany(
            "insert into raw.tickets_raw values"
            " (?, '2025-01-01', null, 'pending', 'email', null, null, null, ?, ?, null)",
            [(str(number), text.text, text.line) for number, text in enumerate(texts)],
        )
        connection.commit()


def _check_rules(path: Path) -> None:
    """Raise UserError for what is no CSV of rules; the models judge each of them."""
    if not path.is_file():
        raise UserError(f"{path} is not a file; give a CSV with the columns of {RULES_FILE}")
    try:
        header = next(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))), [])
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except csv.Error as error:
        raise UserError(f"{path} line 1: not CSV ({error})") from None
    missing = [name for name in RULE_COLUMNS if name not in header]
    if missing:
        raise UserError(
            f"{path} line 1: column '{missing[0]}' is missing; the header needs "
            f"{','.join(RULE_COLUMNS)}"
        )


def _about_rules(error: BuildError, rules: Path | None) -> UserError | None:
    """What a model says of the project's seed, said of the rules that stood in for it."""
    name, said = RULES_FILE.as_posix(), str(error)
    if rules is None or name not in said:
        return None
    # The log that it ends with is gone with the scratch folder.
    return UserError(f"{rules}{said.partition(name)[2].split('; see ')[0]}")


def _with_rules(project: Path, work: Path, rules: Path) -> Path:
    """The project as a folder of links, with another file of rules."""
    linked = work / "project"
    (linked / "seeds").mkdir(parents=True)
    for entry in project.iterdir():
        if entry.name not in ("seeds", "target", "logs") and not entry.name.startswith("."):
            (linked / entry.name).symlink_to(entry)
    for entry in (project / "seeds").iterdir():
        if entry.name != RULES_FILE.name:
            (linked / "seeds" / entry.name).symlink_to(entry)
    (linked / RULES_FILE).write_bytes(rules.read_bytes())
    return linked


def _readings(database: Path, categories: Sequence[str]) -> list[Reading]:
    scores = ", ".join(f"score_{category}" for category in categories)
    with duckdb.connect(str(database), read_only=True) as connection:
        fired: dict[str, set[int]] = {}
        for ticket_id, line in connection.execute(
            "select ticket_id, line_number from intermediate.int_tickets_evidence_weighed"
        ).fetchall():
            fired.setdefault(ticket_id, set()).add(line)
        rows = connection.execute(
            f"select ticket_id, ai_category, ai_topic, ai_rationale, ai_score_margin, {scores}"
            " from intermediate.int_tickets_classified order by cast(ticket_id as integer)"
        ).fetchall()
    return [
        Reading(
            category,
            topic,
            rationale,
            margin,
            dict(zip(categories, values, strict=True)),
            frozenset(fired.get(ticket_id, ())),
        )
        for ticket_id, category, topic, rationale, margin, *values in rows
    ]


def _figures(
    cells: Mapping[tuple[str, str], int], categories: Sequence[str]
) -> dict[tuple[str, str], float | None]:
    total = sum(cells.values())
    agreed = sum(count for (label, reading), count in cells.items() if label == reading)
    figures: dict[tuple[str, str], float | None] = {("all", "accuracy"): _ratio(agreed, total)}
    for category in categories:
        hits = cells.get((category, category), 0)
        labels = sum(count for (label, _), count in cells.items() if label == category)
        readings = sum(count for (_, reading), count in cells.items() if reading == category)
        figures[category, "precision"] = _ratio(hits, readings)
        figures[category, "recall"] = _ratio(hits, labels)
        figures[category, "f1"] = _ratio(2 * hits, labels + readings)
    figures["all", "macro_f1"] = sum(
        figures[category, "f1"] or 0.0 for category in categories
    ) / len(categories)
    return figures


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def _estimate(value: float | None, resampled: Sequence[float]) -> Estimate:
    if not resampled:
        return Estimate(value)
    low, high = (resampled[round(share * (len(resampled) - 1))] for share in INTERVAL)
    return Estimate(value, low, high)


def _excess(text: LabelledText, reading: Reading) -> float:
    return reading.scores[reading.category] - reading.scores.get(text.category, 0.0)
