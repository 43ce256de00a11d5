"""A first mapping for an export: guesses from names and values, and what a person must decide."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from support_analytics.errors import UserError
from support_analytics.inputs import project_mapping
from support_analytics.mapping_file import DECIDE, TICKETS, preset_names
from support_analytics.raw_files import open_table
from support_analytics.sources import Reading, check_encoding, expand

SAMPLED_RECORDS = 5_000
# Looked at for the tickets; each is read whole.
MAX_SHEETS = 20
# More distinct values than this are no status, channel or tag.
LISTED_VALUES = 40
# Plain names, letters and digits only, the most telling first; `*` ends a beginning.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "ticket_id": (
        "ticketid",
        "id",
        "number",
        "ticketnumber",
        "caseid",
        "casenumber",
        "key",
        "ticket",
    ),
    "created_at": (
        *(
            "createdat",
            "createddate",
            "createdtime",
            "created",
            "openedat",
            "opened",
            "creationdate",
        ),
        *("dateopened", "syscreatedon", "submittedat", "datecreated", "criadoem", "opendate"),
    ),
    "resolved_at": (
        *("resolvedat", "resolveddate", "resolvedtime", "solvedat", "closedat", "closeddate"),
        *("closedtime", "resolved", "closed", "completedat", "resolutiondate", "resolvidoem"),
    ),
    "status": ("status", "state", "ticketstatus", "situacao", "estado"),
    "channel": ("channel", "ticketchannel", "viachannel", "source", "contacttype", "canal", "via"),
    "creator_id": (
        *("creatorid", "requesterid", "customerid", "userid", "callerid", "contactid", "clientid"),
        *("customeremail", "requester", "customer"),
    ),
    "tag": ("tag", "category", "categoria", "tickettype", "type", "topic", "tags"),
    "first_response_time": (
        *(
            "firstresponsetime*",
            "firstresponse*",
            "frt*",
            "firstreplytime*",
            "initialresponsetime*",
        ),
        *("firstrespondedat", "firstreplyat", "timetofirstresponse*"),
    ),
    "message_text": (
        *("messagetext", "description", "ticketdescription", "message", "body", "subject"),
        *("ticketsubject", "shortdescription", "summary", "text", "title"),
    ),
}
_RESOLUTION_TIMES = ("resolutiontime*", "timetoresolution*", "timetoresolve*", "handletime*")
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "status": {
        "resolved": (
            "resolved",
            "solved",
            "closed",
            "done",
            "completed",
            "fixed",
            "resolvido",
            "4",
            "5",
        ),
        "escalated": ("escalated", "onhold", "hold", "waitingonthirdparty", "escalado"),
        "closed_without_solution": (
            *("canceled", "cancelled", "rejected", "wontfix", "deleted", "spam", "duplicate"),
            *("closedwithoutsolution",),
        ),
        "pending": (
            *("pending", "open", "new", "inprogress", "waiting", "waitingoncustomer", "aberto"),
            *("reopened", "assigned", "active", "pendingcustomerresponse"),
        ),
    },
    "channel": {
        "whatsapp": ("whatsapp", "wpp"),
        "email": ("email", "mail"),
        "in_app": (
            "inapp",
            "web",
            "portal",
            "webportal",
            "webform",
            "chat",
            "livechat",
            "mobile",
            "app",
        ),
        "chatbot": ("chatbot", "bot", "virtualagent"),
    },
    "tag": {
        "checkout": ("checkout", "payment", "cart"),
        "financial": ("financial", "billing", "finance", "refund", "invoice", "payout"),
        "engagement": ("engagement", "content", "community", "marketing"),
        "others": ("others", "other", "general", "outros"),
    },
}
_PATTERNS = (
    (r"\d{4}-\d\d?-\d\d?([ T]\d\d?:\d\d.*)?", "iso"),
    (r"[1-9]\d{9}(\.\d+)?", "epoch_s"),
    (r"[1-9]\d{12}", "epoch_ms"),
    (r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}([ T,].*)?", "day_or_month_first"),
)
# In YAML the end of a line, or refused.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass
class _Export:
    """Values by column; sheets are a workbook's, the one that was looked at first."""

    values: dict[str, list[str]] = field(default_factory=dict)
    sheets: Sequence[str] = ()

    @property
    def header(self) -> list[str]:
        return list(self.values)

    def filled(self, column: str) -> list[str]:
        return [value.strip() for value in self.values[column] if value and value.strip()]


@dataclass
class _Entry:
    """A raw column's lines of the mapping, and what is to decide about it."""

    lines: list[str]
    decisions: list[str] = field(default_factory=list)


def write_suggestion(
    export: Path, out: Path | None, encoding: str | None, project: Path
) -> list[str]:
    """Write a mapping for the export, a path or pattern, to out and return lines that say so.

    Raises UserError where the export cannot be read, or out exists.
    """
    first = expand(export)[0]
    out = out or first.with_name(f"{first.name}.mapping.yml")
    if out.exists():
        raise UserError(f"{out} exists; give another --out, or remove it")
    text, decisions = suggestion(export, encoding, project)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}") from None
    shown = [f"written   {out}"]
    shown += [f"decide    {decision}" for decision in decisions]
    options = ["--tickets", str(export), *(["--encoding", encoding] if encoding else [])]
    return [*shown, f"then      {shlex.join([*options, '--mapping', str(out)])}"]


def suggestion(export: Path, encoding: str | None, project: Path) -> tuple[str, list[str]]:
    """The mapping's text and what a person must decide. Raises UserError."""
    table = _sample(expand(export), encoding)
    _, allowed, columns = project_mapping("zendesk", project)
    taken: set[str] = set()
    entries: dict[str, _Entry] = {}
    for name in columns["tickets"]:
        column = _column(table, _NAMES[name], taken)
        if column is not None:
            taken.add(column)
        entries[name] = _entry(name, column, table, allowed, taken)
    lines = [
        f"# A first mapping for {_text(export.name)}: guesses.",
        "# Look at each line with DECIDE; docs/mappings.md says what can stand here.",
        f"# Columns: {', '.join(map(_text, table.header))}",
    ]
    presets = [f"--mapping {name}" for name in preset_names() if _fits(table, name, project)]
    known = [f"{' or '.join(presets)} finds its columns here: try it first"] if presets else []
    lines += [f"# DECIDE: {decision}" for decision in known]
    lines += [
        "version: 1",
        "timezone: UTC  # DECIDE: the zone of timestamps without an offset",
    ]
    decisions = [*known, "timezone: the zone of timestamps without an offset"]
    if table.sheets[1:]:
        sheet, *others = map(_text, table.sheets)
        decision = f"are the tickets in sheet {sheet}? Others are {', '.join(others)}"
        lines += [f"# DECIDE: {decision}", f"inputs: {{tickets: {{sheet: {sheet}}}}}"]
        decisions.append(f"sheet: {decision}")
    lines.append("tickets:")
    for name, entry in entries.items():
        lines += [f"  # DECIDE: {decision}" for decision in entry.decisions]
        lines += [f"  {line}" for line in entry.lines]
        decisions += [f"{name}: {decision}" for decision in entry.decisions]
    return "\n".join(lines) + "\n", decisions


def _fits(table: _Export, preset: str, project: Path) -> bool:
    """Whether the table has all columns that the preset's tickets cannot do without."""
    mapping, _, _ = project_mapping(preset, project)
    return all(
        source.optional or source.is_found_in(table.header)
        for source in mapping.inputs[TICKETS].columns.values()
    )


def _sample(paths: Sequence[Path], encoding: str | None) -> _Export:
    reading = Reading(check_encoding(encoding) if encoding else None)
    table, names = _Export(), {}
    for path in paths:
        raw = open_table(path, "tickets", reading)
        if raw.sheets[1:] and reading.sheet is None:
            raw.close()
            reading = replace(reading, sheet=_sheet_of_tickets(path, raw.sheets))
            raw = open_table(path, "tickets", reading)
        table.sheets = table.sheets or raw.sheets
        wanted = max(1, SAMPLED_RECORDS // len(paths))
        with closing(raw):
            own = [names.setdefault(name.lower(), name) for name in raw.header]
            for name in own:
                table.values.setdefault(name, [])
            for batch in raw.batches():
                for name, values in zip(own, batch.columns.values(), strict=True):
                    table.values[name] += values[:wanted]
                wanted -= len(batch)
                if wanted <= 0:
                    break
    return table


def _sheet_of_tickets(path: Path, sheets: Sequence[str]) -> str:
    """The sheet with most columns that look like a ticket's; of equals the first."""
    found = dict.fromkeys(sheets, 0)
    for sheet in sheets[:MAX_SHEETS]:
        # An empty sheet has no header.
        with contextlib.suppress(UserError):
            with closing(open_table(path, "tickets", Reading(sheet=sheet))) as raw:
                table = _Export({name: [] for name in raw.header})
            found[sheet] = sum(bool(_column(table, names, set())) for names in _NAMES.values())
    return max(found, key=found.get)


def _entry(
    name: str,
    column: str | None,
    table: _Export,
    allowed: Mapping[str, Sequence[str]],
    taken: set[str],
) -> _Entry:
    if name == "resolved_at" and column is None:
        duration = _column(table, _RESOLUTION_TIMES, taken)
        if duration is not None:
            if _looks_like_times(duration, table):
                formats, decisions = _formats(duration, table)
                lines = [f"{name}: {{column: {_text(duration)}, formats: {formats}}}"]
                return _Entry(lines, decisions)
            unit, decisions = _unit(duration, table)
            decisions.append("of which tickets is it the time of resolving? Open ones have none")
            return _Entry(
                [f"{name}:", f"  after: {{column: {_text(duration)}, unit: {unit}}}"], decisions
            )
    if column is None:
        if name in ("creator_id", "tag", "first_response_time", "message_text"):
            return _Entry([f"# {name}: no column looks like it; it may stay out"])
        return _Entry([f"{name}: {DECIDE}"], [f"no column looks like {name}"])
    if name in ("created_at", "resolved_at"):
        formats, decisions = _formats(column, table)
        return _Entry([f"{name}: {{column: {_text(column)}, formats: {formats}}}"], decisions)
    if name == "first_response_time":
        return _response(name, column, table)
    if name in _WORDS:
        return _valued(name, column, table, allowed[name])
    return _Entry([f"{name}: {_text(column)}"])


def _response(name: str, column: str, table: _Export) -> _Entry:
    if _looks_like_times(column, table):
        formats, decisions = _formats(column, table)
        return _Entry(
            [f"{name}:", f"  at: {{column: {_text(column)}, formats: {formats}}}"], decisions
        )
    unit, decisions = _unit(column, table)
    return _Entry([f"{name}: {{column: {_text(column)}, unit: {unit}}}"], decisions)


def _valued(name: str, column: str, table: _Export, allowed: Sequence[str]) -> _Entry:
    counts = Counter(value.lower() for value in table.filled(column))
    if len(counts) > LISTED_VALUES:
        return _Entry(
            [f"# {name}: {_text(column)}"] if name == "tag" else [f"{name}: {{column: {DECIDE}}}"],
            [f"column {_text(column)} has {len(counts)} different values, too many for a {name}"],
        )
    rule = "empty" if name == "tag" else "reject"
    lines, unknown = [f"{name}:", f"  column: {_text(column)}", "  values:"], []
    for word, _ in counts.most_common():
        target = _target(name, word, allowed)
        lines.append(f"    {_text(word)}: {target or DECIDE}")
        if target is None:
            unknown.append(word)
    if not counts:
        lines[-1] = "  values: {}"
    lines.append(f"  otherwise: {rule}")
    values = "the one value" if len(counts) == 1 else f"each of the {len(counts)} values"
    decisions = [f"is {values} of {_text(column)} mapped rightly?"]
    if unknown:
        shown = ", ".join(map(_text, unknown[:8]))
        decisions.append(f"which of {', '.join(allowed)} is {shown}?")
    return _Entry(lines, decisions)


def _target(name: str, word: str, allowed: Sequence[str]) -> str | None:
    plain = _plain(word)
    for target, words in _WORDS[name].items():
        if target in allowed and (plain in words or plain == _plain(target)):
            return target
    return None


def _formats(column: str, table: _Export) -> tuple[str, list[str]]:
    values = table.filled(column)
    if not values:
        return "[iso]", [f"column {_text(column)} is empty in what was looked at"]
    for pattern, name in _PATTERNS:
        matches = [re.fullmatch(pattern, value) for value in values]
        if sum(match is not None for match in matches) < 0.9 * len(values):
            continue
        if name != "day_or_month_first":
            return f"[{name}]", []
        firsts = max(int(match[1]) for match in matches if match)
        seconds = max(int(match[2]) for match in matches if match)
        if firsts > 12:
            return "[day_first]", []
        if seconds > 12:
            return "[month_first]", []
        return "[day_first]", [f"is {_text(values[0])} day first or month first?"]
    return "[iso]", [f"how is {_text(values[0])} written? Give a pattern such as '%d %b %Y %H:%M'"]


def _looks_like_times(column: str, table: _Export) -> bool:
    values = table.filled(column)[:50]
    return bool(values) and not any(re.fullmatch(r"-?\d+([.,:]\d+)*", value) for value in values)


def _unit(column: str, table: _Export) -> tuple[str, list[str]]:
    values, plain = table.filled(column), _plain(column)
    if values and all(re.fullmatch(r"-?\d+:\d\d(:\d\d)?", value) for value in values[:50]):
        return "hms", []
    for word, unit in (("hour", "hours"), ("hrs", "hours"), ("min", "minutes"), ("sec", "seconds")):
        if word in plain:
            return unit, []
    return "minutes", [f"is {_text(column)} in minutes, hours, seconds or days?"]


def _column(table: _Export, names: Sequence[str], taken: set[str]) -> str | None:
    for name in names:
        for column in table.header:
            plain = _plain(column)
            fits = plain.startswith(name[:-1]) if name.endswith("*") else plain == name
            if fits and column not in taken:
                return column
    return None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _text(text: str) -> str:
    """A text as YAML and JSON both read it, in one line."""
    written = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
