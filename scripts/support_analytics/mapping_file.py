"""The mapping file: how an export's columns become the raw columns. docs/mappings.md explains it.

A mapping is data but for its `sql` entries, which are code of whoever wrote the file. Nothing here
knows an engine: mapping_sql.py writes DuckDB's SQL from what is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support_analytics.errors import UserError, one_line
from support_analytics.raw_files import nearest_names

PRESETS = Path(__file__).with_name("mappings")
VERSION = 1
DECIDE = "DECIDE"
TICKETS, USERS = "tickets", "users"
FORMAT_NAMES = ("iso", "epoch_s", "epoch_ms", "day_first", "month_first")
# A number in each, in minutes; hms is HH:MM[:SS].
UNIT_MINUTES = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0, "hms": None}
# Of the query that makes a raw table: mapping_sql.py.
QUERY_NAMES = ("sources", "instants")
RULES = ("reject", "keep", "empty")
_LARGEST_FILE = 1 << 20
_FORM_KEYS = ("formats", "timezone")
_TIMES = {"created_at", "resolved_at", "signup_date"}
_VALUED = {"status", "channel", "tag"}
_REQUIRED = {
    TICKETS: ("ticket_id", "created_at", "resolved_at", "status", "channel"),
    USERS: ("creator_id",),
}


@dataclass(frozen=True)
class Source:
    """Where a value comes from: the first column of `columns` that exists, SQL, or a constant.

    key is the place in the mapping file, for errors. optional: null where no column exists.
    """

    key: str
    columns: tuple[str, ...] = ()
    sql: str | None = None
    value: str | None = None
    optional: bool = False

    def is_found_in(self, header: Iterable[str]) -> bool:
        """Whether one of the columns stands in the header, whatever its case."""
        known = {column.lower() for column in header}
        return any(column.strip().lower() in known for column in self.columns)


@dataclass(frozen=True)
class TimeForm:
    """How timestamps are written: formats in the order tried, and the zone of those without one."""

    formats: tuple[str, ...]
    timezone: str


@dataclass(frozen=True)
class Column:
    """One raw column.

    form: the source is a timestamp. unit: it is a duration. is_elapsed: a raw duration is given as
    a timestamp (`at`), or a raw timestamp as a duration after created_at (`after`). values and
    otherwise: its words are replaced; otherwise is one of RULES, or (`default`, word).
    """

    name: str
    source: Source
    form: TimeForm | None = None
    unit: str | None = None
    has_decimal_comma: bool = False
    is_elapsed: bool = False
    values: Mapping[str, str] | None = None
    otherwise: str | tuple[str, str] = "keep"


@dataclass(frozen=True)
class Input:
    """A table of the export: file patterns in a folder, and names for its columns."""

    name: str
    files: tuple[str, ...] = ()
    optional: bool = False
    columns: Mapping[str, Source] = field(default_factory=dict)
    sheet: str | None = None


@dataclass(frozen=True)
class Join:
    """A query over the inputs with at most one row for each ticket. on: ticket column, its column.

    Joined columns are named `<join>.<column>` in the SQL of tickets.
    """

    name: str
    key: str
    sql: str
    on: tuple[str, str]


@dataclass(frozen=True)
class MappingFile:
    """A whole mapping. tables holds the columns of tickets and, where given, users."""

    path: Path
    form: TimeForm
    extra_channels: tuple[str, ...]
    inputs: Mapping[str, Input]
    joins: tuple[Join, ...]
    tables: Mapping[str, Mapping[str, Column]]

    @property
    def name(self) -> str:
        """The preset's name, or the path."""
        return self.path.stem if self.path.parent == PRESETS else str(self.path)


def preset_names() -> list[str]:
    """The presets that --mapping knows by name."""
    return sorted(path.stem for path in PRESETS.glob("*.yml"))


def load_mapping(
    name: str, allowed: Mapping[str, Sequence[str]], columns: Mapping[str, Sequence[str]]
) -> MappingFile:
    """Read a preset by its name or a mapping file by its path, and check it whole.

    allowed are the words that status, channel and tag may become; columns the raw columns of
    tickets and users. Raises UserError naming the file and the key that is wrong.
    """
    path = PRESETS / f"{name}.yml" if name in preset_names() else Path(name)
    return _Reader(path, allowed, columns).read(_parsed(path, name))


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML without aliases, in which no key stands twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases are not taken", problem_mark=self.peek_event().start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        seen = set()
        for key_node, _ in node.value:
            key = getattr(key_node, "value", None)
            if isinstance(key, str) and key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"'{key}' stands twice", problem_mark=key_node.start_mark
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


def _parsed(path: Path, name: str) -> Any:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise UserError(f"mapping {path} is larger than 1 MiB; is it a mapping?")
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise UserError(
            f"--mapping {name}: no such file, and no preset; presets are "
            f"{', '.join(preset_names())}"
        ) from None
    except IsADirectoryError:
        raise UserError(f"--mapping {path} is a folder; give the mapping file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UserError(f"mapping {path} cannot be read: {reason}") from None
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" line {mark.line + 1}:" if mark else ""
        raise UserError(f"mapping {path}:{where} {error.problem or error}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UserError(f"mapping {path} is not YAML: {one_line(str(error), 200)}") from None


class _Reader:
    def __init__(
        self,
        path: Path,
        allowed: Mapping[str, Sequence[str]],
        columns: Mapping[str, Sequence[str]],
    ) -> None:
        self._path = path
        self._allowed = {name: list(words) for name, words in allowed.items()}
        self._columns = columns

    def read(self, parsed: Any) -> MappingFile:
        top = self._section(parsed, "the file")
        known = ("version", "description", "timezone", "timestamps", "extra_channels")
        self._only(top, "", (*known, "inputs", "joins", TICKETS, USERS))
        if top.get("version") != VERSION:
            raise self._problem("version", f"must be {VERSION}")
        form = self._form(top, "", TimeForm(("iso",), "UTC"))
        extra = tuple(word.lower() for word in self._texts(top, "extra_channels", ""))
        for word in extra:
            # dbt's own test of accepted values puts them into SQL as they are.
            if "'" in word or "\\" in word:
                raise self._problem("extra_channels", f"'{word}' has a quote or a backslash")
        self._allowed["channel"] += [word for word in extra if word not in self._allowed["channel"]]
        if TICKETS not in top:
            raise self._problem(TICKETS, "is missing; it maps the columns of the tickets")
        tables = {
            table: self._table(top[table], table, form)
            for table in (TICKETS, USERS)
            if table in top
        }
        inputs = self._inputs(top.get("inputs"), tables)
        joins = tuple(self._joins(top.get("joins"), inputs))
        return MappingFile(self._path, form, extra, inputs, joins, tables)

    def _table(self, value: Any, table: str, form: TimeForm) -> dict[str, Column]:
        section = self._section(value, table)
        self._only(section, table, self._columns[table])
        for name in _REQUIRED[table]:
            if name not in section:
                raise self._problem(f"{table}.{name}", "is missing; every mapping must have it")
        return {name: self._column(section[name], table, name, form) for name in section}

    def _column(self, value: Any, table: str, name: str, form: TimeForm) -> Column:
        key = f"{table}.{name}"
        if isinstance(value, str):
            value = {"column": value}
        section = self._section(value, key)
        inner = "after" if name == "resolved_at" else "at" if name == "first_response_time" else ""
        if inner and inner in section:
            self._only(section, key, (inner,))
            return self._elapsed(section[inner], f"{key}.{inner}", name, form)
        if name in _TIMES:
            self._only(section, key, ("column", "sql", "value", "optional", *_FORM_KEYS))
            return Column(name, self._source(section, key), form=self._form(section, key, form))
        if name == "first_response_time":
            return self._duration(section, key, name)
        if name in _VALUED:
            self._only(section, key, ("column", "sql", "value", "optional", "values", "otherwise"))
            source = self._source(section, key)
            values, otherwise = self._values(section, key, name)
            if source.value is not None and values is None:
                self._check_word(source.value, f"{key}.value", name)
            return Column(name, source, values=values, otherwise=otherwise)
        self._only(section, key, ("column", "sql", "value", "optional"))
        return Column(name, self._source(section, key))

    def _elapsed(self, value: Any, key: str, name: str, form: TimeForm) -> Column:
        section = self._section({"column": value} if isinstance(value, str) else value, key)
        if name == "resolved_at":
            return self._duration(section, key, name, is_elapsed=True)
        self._only(section, key, ("column", "sql", "optional", *_FORM_KEYS))
        form = self._form(section, key, form)
        return Column(name, self._source(section, key), form=form, is_elapsed=True)

    def _duration(
        self, section: dict[str, Any], key: str, name: str, is_elapsed: bool = False
    ) -> Column:
        self._only(section, key, ("column", "sql", "value", "optional", "unit", "decimal_comma"))
        unit = section.get("unit", "minutes")
        if not isinstance(unit, str) or unit not in UNIT_MINUTES:
            raise self._problem(f"{key}.unit", f"'{unit}' is not one of {', '.join(UNIT_MINUTES)}")
        comma = section.get("decimal_comma", False)
        if not isinstance(comma, bool):
            raise self._problem(f"{key}.decimal_comma", "must be true or false")
        return Column(
            name,
            self._source(section, key),
            unit=unit,
            has_decimal_comma=comma,
            is_elapsed=is_elapsed,
        )

    def _values(
        self, section: dict[str, Any], key: str, name: str
    ) -> tuple[dict[str, str] | None, str | tuple[str, str]]:
        if "values" not in section:
            if "otherwise" in section:
                raise self._problem(f"{key}.otherwise", "needs values beside it")
            return None, "keep"
        values: dict[str, str] = {}
        for word, target in self._section(section["values"], f"{key}.values").items():
            place = f"{key}.values.{word}"
            if isinstance(word, bool) or isinstance(target, bool):
                raise self._problem(place, "YAML reads this word as true or false; quote it")
            plain = str("" if word is None else word).strip().lower()
            if plain in values:
                raise self._problem(place, "stands twice, but for its case")
            values[plain] = "" if target is None else str(target).strip().lower()
            self._check_word(values[plain], place, name)
        rule = section.get("otherwise")
        if isinstance(rule, dict) and set(rule) == {"default"}:
            word = str(rule["default"]).strip().lower()
            self._check_word(word, f"{key}.otherwise.default", name)
            return values, ("default", word)
        if rule not in RULES:
            raise self._problem(
                f"{key}.otherwise",
                "must say what happens to values that are not named: reject, keep, empty, or "
                "{default: WORD}",
            )
        return values, rule

    def _check_word(self, word: str, key: str, name: str) -> None:
        if word == DECIDE.lower():
            raise self._problem(key, "is still to be decided")
        if word not in self._allowed[name] and word:
            known = ", ".join(self._allowed[name])
            advice = "; add it to extra_channels" if name == "channel" else ""
            raise self._problem(key, f"'{word}' is not one of {known}{advice}")

    def _source(self, section: dict[str, Any], key: str) -> Source:
        given = [name for name in ("column", "sql", "value") if name in section]
        if len(given) != 1:
            raise self._problem(key, "must have one of column, sql and value")
        optional = section.get("optional", False)
        if not isinstance(optional, bool):
            raise self._problem(f"{key}.optional", "must be true or false")
        kind, value = given[0], section[given[0]]
        if kind == "column":
            names = tuple(self._texts(section, "column", key))
            if not names:
                raise self._problem(f"{key}.column", "names no column")
            if DECIDE in names:
                raise self._problem(f"{key}.column", "is still to be decided")
            return Source(key, columns=names, optional=optional)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._problem(f"{key}.{kind}", "must be a text")
        if kind == "sql":
            if not str(value).strip():
                raise self._problem(f"{key}.sql", "is empty; write an expression, such as a column")
            return Source(key, sql=str(value))
        return Source(key, value=str(value))

    def _inputs(self, value: Any, tables: Mapping[str, object]) -> dict[str, Input]:
        section = {} if value is None else self._section(value, "inputs")
        section = {table: {} for table in tables if table not in section} | section
        inputs = {}
        for name, entry in section.items():
            key = f"inputs.{name}"
            if not (isinstance(name, str) and name.isidentifier() and name == name.lower()):
                raise self._problem(key, "an input's name has lower case letters, digits and _")
            entry = self._section({} if entry is None else entry, key)
            self._only(entry, key, ("files", "optional", "columns", "sheet"))
            optional = entry.get("optional", name == USERS)
            if not isinstance(optional, bool):
                raise self._problem(f"{key}.optional", "must be true or false")
            if optional and name == TICKETS:
                raise self._problem(f"{key}.optional", "tickets cannot be optional")
            columns = {
                str(column): self._named_column(source, f"{key}.columns.{column}")
                for column, source in self._section(
                    entry.get("columns", {}), f"{key}.columns"
                ).items()
            }
            if optional and not columns and name not in tables:
                raise self._problem(f"{key}.columns", "an optional input must name its columns")
            files = tuple(self._texts(entry, "files", key))
            sheet = entry.get("sheet")
            inputs[name] = Input(
                name, files, optional, columns, None if sheet is None else str(sheet)
            )
        return inputs

    def _named_column(self, value: Any, key: str) -> Source:
        if isinstance(value, str | list):
            value = {"column": value}
        section = self._section(value, key)
        self._only(section, key, ("column", "optional"))
        return self._source(section, key)

    def _joins(self, value: Any, inputs: Mapping[str, Input]) -> Iterator[Join]:
        taken = {*inputs, *QUERY_NAMES}
        for name, entry in self._section(value or {}, "joins").items():
            key = f"joins.{name}"
            if not (isinstance(name, str) and name.isidentifier()):
                raise self._problem(key, "a join's name has letters, digits and _")
            if name.lower() in taken:
                raise self._problem(key, f"the name '{name}' is taken; give the join another")
            taken.add(name.lower())
            section = self._section(entry, key)
            # YAML 1.1 reads a bare `on` as true.
            section = {("on" if word is True else word): item for word, item in section.items()}
            self._only(section, key, ("on", "sql"))
            pairs = self._section(section.get("on"), f"{key}.on")
            if len(pairs) != 1 or not isinstance(section.get("sql"), str):
                raise self._problem(key, "needs sql, and on with one pair: {ticket column: column}")
            ((left, right),) = pairs.items()
            yield Join(name, key, section["sql"], (str(left).strip(), str(right).strip()))

    def _form(self, section: Mapping[str, Any], key: str, default: TimeForm) -> TimeForm:
        name = "formats" if key else "timestamps"
        place = f"{key}.{name}" if key else name
        formats = tuple(self._texts(section, name, key)) or default.formats
        for text in formats:
            if text not in FORMAT_NAMES and "%" not in text:
                raise self._problem(
                    place,
                    f"'{text}' is not one of {', '.join(FORMAT_NAMES)}, nor a pattern such as "
                    "%d.%m.%Y %H:%M",
                )
        if {"day_first", "month_first"} <= set(formats):
            raise self._problem(place, "day_first and month_first exclude each other")
        zone = section.get("timezone", default.timezone)
        if not isinstance(zone, str):
            raise self._problem(f"{key}.timezone".lstrip("."), "must be an IANA name")
        return TimeForm(formats, zone)

    def _texts(self, section: Mapping[str, Any], name: str, key: str) -> list[str]:
        value = section.get(name)
        if value is None:
            return []
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | int | float) for item in values):
            raise self._problem(f"{key}.{name}".lstrip("."), "must be a text or a list of texts")
        return [str(item) for item in values]

    def _section(self, value: Any, key: str) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise self._problem(key, "must be a section of `name: value` lines")
        return value

    def _only(self, section: Mapping[Any, Any], key: str, known: Sequence[str]) -> None:
        for name in section:
            if name not in known:
                raise self._problem(
                    f"{key}.{name}".lstrip("."), f"is unknown; {nearest_names(str(name), known)}"
                )

    def _problem(self, key: str, message: str) -> UserError:
        return UserError(f"mapping {self._path}: {key}: {message}")
