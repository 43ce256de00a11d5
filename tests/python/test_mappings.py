"""Mapping files and the presets: what becomes of an export's values, and what their errors say."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import PROJECT
from support_analytics import cli, mapping_sql, warehouse
from support_analytics.errors import UserError
from support_analytics.inputs import InputOptions, opened_inputs
from support_analytics.mapping_guess import suggestion
from support_analytics.progress import Progress

FIXTURES = Path(__file__).with_name("fixtures") / "exports"
SIMPLE = """\
version: 1
tickets:
  ticket_id: id
  created_at: {column: opened}
  resolved_at: {column: closed}
  status: {column: state, values: {done: resolved}, otherwise: reject}
  channel: {value: email}
"""


def mapped(
    tickets: Sequence[Path | str], mapping: Path | str, work: Path, table: str = "tickets_raw"
) -> list[dict]:
    """The raw table that the mapping makes, in the order of its lines."""
    options = InputOptions([str(given) for given in tickets], mapping=str(mapping))
    with (
        opened_inputs(options, PROJECT) as inputs,
        warehouse.open_database(work / "loaded.duckdb") as connection,
    ):
        inputs.load(connection, work, Progress(None), {})
        result = connection.execute(f"select * from raw.{table} order by line_number")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def columns(rows: list[dict], *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in rows]


@pytest.fixture
def map_values(write_file: Callable[..., Path], tmp_path: Path) -> Callable[..., list[dict]]:
    """Rows of a CSV of id,opened,closed,state,x through a mapping with some columns replaced."""

    def run(lines: Sequence[str], **changed: str) -> list[dict]:
        entries = {
            "ticket_id": "id",
            "created_at": "opened",
            "resolved_at": "closed",
            "status": "state",
            "channel": "{value: email}",
        }
        top = {
            key: changed.pop(key) for key in ("timezone", "timestamps", "joins") & changed.keys()
        }
        entries |= changed
        mapping = write_file(
            "mapping.yml",
            "version: 1",
            *(f"{key}: {value}" for key, value in top.items()),
            "tickets:",
            *(f"  {key}: {value}" for key, value in entries.items()),
        )
        export = write_file("export.csv", "id,opened,closed,state,x", *lines)
        return mapped([export], mapping, tmp_path)

    return run


def test_zendesk(tmp_path: Path) -> None:
    rows = mapped([FIXTURES / "zendesk"], "zendesk", tmp_path)
    names = ("line_number", "ticket_id", "status", "channel", "creator_id", "tag")
    assert columns(rows, *names) == [
        (1, "101", "resolved", "email", "9001", "checkout"),
        (2, "102", "resolved", "in_app", "9002", None),
        (3, "103", "escalated", "whatsapp", "9001", None),
        (5, "104", "closed_without_solution", "phone", "9003", None),
        (6, "105", "pending", "carrier_pigeon", "9003", None),
    ]
    # Metrics where there are, else the last change; the first public comment by an agent.
    assert columns(rows, "resolved_at", "first_response_time", "message_text") == [
        ("2025-09-03 10:00:00", "12.5", "Pix refused\nMy Pix was refused"),
        ("2025-09-02 08:00:00", None, "Payout"),
        (None, "45.0", "Course\nWhere is it?"),
        (None, None, "Call"),
        (None, None, "Coo"),
    ]
    users = mapped([FIXTURES / "zendesk"], "zendesk", tmp_path, "users_raw")
    assert columns(users, "creator_id", "signup_date")[0] == ("9001", "2024-01-31 22:00:00")


def test_zendesk_without_users_counts_who_is_not_the_requester(tmp_path: Path) -> None:
    folder = FIXTURES / "zendesk"
    given = [folder / "tickets.jsonl", f"comments={folder / 'ticket_comments.csv'}"]
    rows = mapped(given, "zendesk", tmp_path)
    assert columns(rows, "first_response_time")[:3] == [("12.5",), ("30.0",), ("45.0",)]


def test_a_channel_of_the_mapping_can_have_a_target(
    tmp_path: Path, write_file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    targets = write_file(
        "targets.csv", "channel,frt_target_minutes,resolution_target_minutes", "phone,3,", "fax,3,"
    )
    options = ["--mapping", "zendesk", "--sla-targets", str(targets), "--out", str(tmp_path / "o")]
    assert cli.main(["--tickets", str(FIXTURES / "zendesk"), *options]) == 2
    # Line 2, the phone's, is taken.
    assert "line 3: channel 'fax' is unknown; known are " in capsys.readouterr().err


def test_freshdesk(tmp_path: Path) -> None:
    rows = mapped([FIXTURES / "freshdesk"], "freshdesk", tmp_path)
    names = ("status", "channel", "creator_id", "tag", "resolved_at", "first_response_time")
    assert columns(rows, *names) == [
        ("resolved", "email", "77", "checkout", "2025-09-01 12:00:00", "20.5"),
        ("pending", "phone", "78", None, None, None),
        ("escalated", "in_app", "77", "financial", None, "1.0"),
        ("closed_without_solution", "in_app", "79", None, None, None),
        ("Parked", "in_app", "79", None, None, None),
    ]


def test_intercom(tmp_path: Path) -> None:
    rows = mapped([FIXTURES / "intercom"], "intercom", tmp_path)
    names = ("ticket_id", "created_at", "resolved_at", "status", "channel", "creator_id", "tag")
    assert columns(rows, *names) == [
        (
            "11",
            "2025-09-01 10:00:00",
            "2025-09-01 11:00:00",
            "resolved",
            "whatsapp",
            "c1",
            "checkout",
        ),
        ("12", "2025-09-01 10:00:00", None, "pending", "chatbot", "bot", None),
        ("13", "2025-09-01 10:00:00", None, "pending", "fax", None, None),
        (None, None, None, None, None, None, None),
    ]
    assert columns(rows, "first_response_time", "malformed_record") == [
        ("5.0", None), (None, None), (None, None), (None, "not JSON at all"),
    ]  # fmt: skip
    assert rows[0]["message_text"] == "My  Pix  failed"


def test_servicenow(tmp_path: Path) -> None:
    rows = mapped([FIXTURES / "servicenow"], "servicenow", tmp_path)
    names = ("ticket_id", "status", "channel", "creator_id", "tag", "resolved_at")
    assert columns(rows, *names) == [
        ("INC0001", "resolved", "email", "Ana", None, "2025-09-01 11:30:00"),
        ("INC0002", "escalated", "in_app", "Bia", "financial", None),
        ("INC0003", "closed_without_solution", "chatbot", "Caio", None, "2025-09-02 10:00:00"),
        ("INC0004", "pending", "phone", "Caio", None, None),
    ]
    assert columns(rows, "first_response_time", "message_text") == [
        ("4.5", "Pix refused"),
        (None, "Payout late\nIt never came"),
        (None, "Wrong form"),
        (None, ""),
    ]


@pytest.mark.parametrize(
    ("written", "formats", "zone", "expected"),
    [
        ("2025-11-04 10:30", "[iso]", "UTC", "2025-11-04 10:30:00"),
        ("2025-11-04 10:30", "[iso]", "America/Sao_Paulo", "2025-11-04 13:30:00"),
        ("2025-11-04T10:30:00.25Z", "[iso]", "America/Sao_Paulo", "2025-11-04 10:30:00.25"),
        ("2025-11-04 10:30:00 +0530", "[iso]", "UTC", "2025-11-04 05:00:00"),
        ("2025-11-04 10:30 UTC", "[day_first]", "America/Sao_Paulo", "2025-11-04 10:30:00"),
        ("2023-06-01 9:05", "[iso]", "UTC", "2023-06-01 09:05:00"),
        ("1762252200", "[epoch_s]", "America/Sao_Paulo", "2025-11-04 10:30:00"),
        ("1762252200.5", "[epoch_s]", "UTC", "2025-11-04 10:30:00.5"),
        ("1762252200250", "[epoch_ms]", "UTC", "2025-11-04 10:30:00.25"),
        ("1762252200250", "[epoch_s, epoch_ms]", "UTC", "2025-11-04 10:30:00.25"),
        ("04/11/2025 10:30", "[day_first]", "UTC", "2025-11-04 10:30:00"),
        ("4.11.25 9:05:01", "[day_first]", "UTC", "2025-11-04 09:05:01"),
        ("11/04/2025, 9:05 PM", "[month_first]", "UTC", "2025-11-04 21:05:00"),
        ("04 Nov 2025 10h30", "'%d %b %Y %Hh%M'", "UTC", "2025-11-04 10:30:00"),
        ("04/11/2025 10:30 -0300", "'%d/%m/%Y %H:%M %z'", "UTC", "2025-11-04 13:30:00"),
        # What no format reads is left for the models to reject, and never read as something else.
        ("31/02/2025", "[day_first]", "UTC", "31/02/2025"),
        ("2025-11-04 10:30", "[day_first]", "UTC", "unread: 2025-11-04 10:30"),
        ("1762252200250", "[epoch_s]", "UTC", "1762252200250"),
        ("tomorrow", "[iso, day_first]", "UTC", "tomorrow"),
        # White space as the models trim it: else they would read what the mapping did not.
        ("\u00a02025-11-04 10:30\v", "[iso]", "America/Sao_Paulo", "2025-11-04 13:30:00"),
    ],
)
def test_timestamps(
    written: str, formats: str, zone: str, expected: str, map_values: Callable[..., list[dict]]
) -> None:
    column = f"{{column: opened, formats: {formats}, timezone: {zone}}}"
    (row,) = map_values([f'1,"{written}",,done,'], created_at=column)
    assert row["created_at"] == expected


@pytest.mark.parametrize(
    ("written", "spec", "expected"),
    [
        ("1.11", "{column: x, unit: hours}", "66.6"),
        ("1,5", "{column: x, unit: hours, decimal_comma: true}", "90.0"),
        ("90", "{column: x, unit: seconds}", "1.5"),
        ("0.5", "{column: x, unit: days}", "720.0"),
        ("01:02:30", "{column: x, unit: hms}", "62.5"),
        ("26:30", "{column: x, unit: hms}", "1590.0"),
        ("62", "{column: x, unit: hms}", "unread: 62"),
        ("soon", "{column: x, unit: hours}", "soon"),
        ("2\u00a0", "{column: x, unit: hours}", "120.0"),
        ("-1", "{column: x, unit: hours}", "-60.0"),
        ("2025-11-04 10:05:30", "{at: x}", "5.5"),
        ("2025-11-04 09:59", "{at: x}", "-1.0"),
        ("5", "{at: x}", "unread: 5"),
        ("", "{at: x}", None),
    ],
)
def test_first_responses(
    written: str, spec: str, expected: str | None, map_values: Callable[..., list[dict]]
) -> None:
    (row,) = map_values([f'1,2025-11-04 10:00,,done,"{written}"'], first_response_time=spec)
    assert row["first_response_time"] == expected


def test_resolved_after_a_duration(map_values: Callable[..., list[dict]]) -> None:
    rows = map_values(
        ["1,2025-11-04,,done,1.5", "2,2025-11-04,,done,", "3,2025-11-04,,done,x", "4,?,,done,1"],
        resolved_at="{after: {column: x, unit: hours}}",
    )
    assert columns(rows, "resolved_at") == [
        ("2025-11-04 01:30:00",), (None,), ("unread: x",), ("unread: 1",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("reject", ["resolved", "Odd", "unread: pending", None]),
        ("keep", ["resolved", "Odd", "pending", None]),
        ("empty", ["resolved", None, None, None]),
        ("{default: escalated}", ["resolved", "escalated", "escalated", None]),
    ],
)
def test_values_that_are_not_named(
    rule: str, expected: list[str | None], map_values: Callable[..., list[dict]]
) -> None:
    lines = [
        f"{n},2025-11-04,,{word}," for n, word in enumerate([" DONE\u00a0", "Odd", "pending", ""])
    ]
    spec = f"{{column: state, values: {{Done: resolved}}, otherwise: {rule}}}"
    assert [row["status"] for row in map_values(lines, status=spec)] == expected


def test_malformed_lines_pass_with_their_line(map_values: Callable[..., list[dict]]) -> None:
    rows = map_values(['1,2025-11-04,,done,"two', 'lines"', "2,2025-11-04", "3,a,b,c,d,e"])
    assert columns(rows, "line_number", "malformed_record") == [
        (2, None), (4, "2,2025-11-04"), (5, "3,a,b,c,d,e"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "opened}",
            "opend}",
            "tickets.created_at: {export} has no column 'opend'; nearest: 'opened'",
        ),
        ("version: 1", "version: 2", "version: must be 1"),
        ("  channel:", "  chanel:", "tickets.chanel: is unknown; nearest: 'channel'"),
        ("  created_at: {column: opened}\n", "", "tickets.created_at: is missing"),
        (
            "done: resolved",
            "done: solved",
            "tickets.status.values.done: 'solved' is not one of res",
        ),
        (", otherwise: reject", "", "tickets.status.otherwise: must say what happens to values"),
        ("{done: resolved}", "{no: resolved}", "tickets.status.values.False: YAML reads this word"),
        ("value: email", "value: fax", "'fax' is not one of whatsapp, email, in_app, chatbot; add"),
        ("column: closed", "column: closed, sql: x", "must have one of column, sql and value"),
        ("column: closed", "column: DECIDE", "tickets.resolved_at.column: is still to be decided"),
        ("column: closed", "column: closed, formats: [dmy]", "'dmy' is not one of iso, epoch_s"),
        ("column: closed", "column: closed, formats: '%Q'", "'%Q' is no pattern"),
        ("column: closed", "column: closed, timezone: Mars", "'Mars' is not a known time zone"),
        (
            "column: closed",
            "column: closed, formats: [day_first, month_first]",
            "day_first and month_first exclude each other",
        ),
        ("version: 1", "version: 1\nversion: 1", "line 2: 'version' stands twice"),
        ("version: 1", "version: 1\nextra_channels: &a [b, *a]", "aliases are not taken"),
        ("version: 1", "version: [1", "mapping {mapping}: line"),
        ("column: closed", "sql: clozed", 'Referenced column "clozed" not found'),
        (
            "column: closed",
            "sql: 'closed); drop table tickets; select (1'",
            "must be one query",
        ),
        ("column: closed", "sql: '(select 1, 2)'", "tickets.resolved_at.sql: "),
        (
            "column: closed",
            "sql: \"(select content from read_text('/etc/hostname'))\"",
            "file system operations are disabled",
        ),
        (
            "version: 1",
            "version: 1\ninputs: {Tickets: {}}",
            "an input's name has lower case letters",
        ),
        (
            "version: 1",
            "version: 1\ninputs: {tickets: {columns: {a: [b, c]}}}",
            "inputs.tickets.columns.a: {export} has no column 'b' or 'c'",
        ),
        ("version: 1", "version: 1\njoins: {j: {sql: select 1}}", "joins.j.on: must be a section"),
        (
            "version: 1",
            "version: 1\njoins: {j: {on: {ie: id}, sql: from tickets}}",
            "joins.j.on: {export} has no column 'ie'; nearest: 'id'",
        ),
        (
            "version: 1",
            "version: 1\njoins: {j: {on: {id: ie}, sql: from tickets}}",
            "joins.j.on: its sql has no column 'ie'; nearest: 'id'",
        ),
        *(
            (
                "version: 1",
                f"version: 1\njoins: {{{name}: {{on: {{id: id}}, sql: from tickets}}}}",
                f"joins.{name}: the name '{name}' is taken; give the join another",
            )
            for name in ("Tickets", "sources")
        ),
        ("version: 1", "version: 1\ntimestamps: '%Q'", "timestamps: '%Q' is no pattern"),
        ("version: 1", "version: 1\ntimezone: Mars", "timezone: 'Mars' is not a known time zone"),
        (
            "  channel:",
            "  first_response_time: {column: id, unit: [hours]}\n  channel:",
            "tickets.first_response_time.unit: '['hours']' is not one of seconds, minutes",
        ),
        (
            "ticket_id: id",
            "ticket_id: {sql: ' '}",
            "tickets.ticket_id.sql: is empty; write an expr",
        ),
        (
            "ticket_id: id",
            "ticket_id: {sql: '-- id'}",
            "ticket_id.sql: Parser Error: SELECT clause",
        ),
        ("ticket_id: id", "ticket_id: {sql: 'id, id'}", "ticket_id.sql: must be one value"),
        (
            "version: 1",
            "version: 1\ninputs: {tickets: {optional: true}}",
            "inputs.tickets.optional: tickets cannot be optional",
        ),
        (
            "version: 1",
            "version: 1\ninputs: {users: {optional: 'no'}}",
            "inputs.users.optional: must be true or false",
        ),
    ],
)
def test_errors_name_the_key(
    old: str, new: str, message: str, write_file: Callable[..., Path], tmp_path: Path
) -> None:
    assert old in SIMPLE
    mapping = write_file("mapping.yml", *SIMPLE.replace(old, new, 1).splitlines())
    export = write_file("export.csv", "id,opened,closed,state", "1,2025-11-04,,done")
    with pytest.raises(UserError) as caught:
        mapped([export], mapping, tmp_path)
    assert message.format(export=export, mapping=mapping) in str(caught.value)
    assert str(mapping) in str(caught.value)


def test_a_join_must_not_multiply_tickets(write_file: Callable[..., Path], tmp_path: Path) -> None:
    query = "select id from tickets union all from tickets select id"
    joins = f"joins: {{twice: {{on: {{id: id}}, sql: {query}}}}}"
    mapping = write_file("mapping.yml", *SIMPLE.splitlines(), joins)
    export = write_file("export.csv", "id,opened,closed,state", "7,2025-11-04,,done")
    with pytest.raises(UserError, match=r"joins\.twice\.sql: id '7' has 2 rows"):
        mapped([export], mapping, tmp_path)


def test_sql_that_fails_on_a_value_names_the_table(map_values: Callable[..., list[dict]]) -> None:
    with pytest.raises(UserError, match="tickets: an expression fails on the export's values"):
        map_values(["x,2025-11-04,,done,"], ticket_id='{sql: "cast(id as integer)"}')


def test_json_keys_that_differ_in_case_only_are_columns_of_their_own(
    write_file: Callable[..., Path], tmp_path: Path
) -> None:
    rest = "ticket_id: id, created_at: opened, resolved_at: closed, status: state"
    mapping = write_file(
        "mapping.yml",
        "version: 1",
        f"tickets: {{{rest}, channel: {{value: email}}, message_text: Subject, tag: subject_2}}",
    )
    export = write_file(
        "export.jsonl",
        '{"id": 1, "opened": "", "closed": "", "state": "", "Subject": "a"}',
        '{"id": 2, "subject": "b"}',
        # One name in two ways: which of them counts is not for a reader to choose.
        '{"id": 3, "via": {"x": 1}, "via.x": 2}',
    )
    rows = mapped([export], mapping, tmp_path)
    assert columns(rows, "ticket_id", "message_text", "tag") == [
        ("1", "a", None), ("2", None, "b"), (None, None, None),
    ]  # fmt: skip
    assert rows[2]["malformed_record"].startswith('{"id": 3')


def test_mappings_trim_what_the_models_trim() -> None:
    macros = (PROJECT / "macros" / "engine" / "values.sql").read_text("utf-8")
    assert f"trim({{{{ text }}}}, {mapping_sql._WHITE_SPACE})" in macros


def test_several_files_count_as_one(write_file: Callable[..., Path], tmp_path: Path) -> None:
    mapping = write_file("mapping.yml", *SIMPLE.splitlines())
    write_file("part1.csv", "id,opened,closed,state", "1,2025-11-04,,done")
    write_file("part2.csv", "state;closed;opened;id", "done;;2025-11-05;2", "done;;2025-11-06;3")
    rows = mapped([tmp_path / "part*.csv"], mapping, tmp_path)
    assert columns(rows, "line_number", "ticket_id") == [(2, "1"), (4, "2"), (5, "3")]


def test_a_suggestion_is_a_mapping_once_it_is_decided(
    write_file: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = write_file(
        "odd.csv",
        "Case Number,Opened,Closed Date,State,Source,Customer ID,First Response (hrs),Body",
        '7,31/10/2025 10:00,01/11/2025 09:00,Done,E-Mail,c1,1.5,"#: {x}"',
        "8,30/10/2025 10:00,,Parked,Fax,c2,,'",
    )
    assert cli.main(["suggest-mapping", str(export), "--out", str(tmp_path / "m.yml")]) == 0
    shown = capsys.readouterr().out
    assert 'decide    channel: which of whatsapp, email, in_app, chatbot is "fax"?' in shown
    assert cli.main(["suggest-mapping", str(export), "--out", str(tmp_path / "m.yml")]) == 2
    assert "m.yml exists" in capsys.readouterr().err
    text = suggestion(export, None, PROJECT)[0]
    assert text == (tmp_path / "m.yml").read_text("utf-8")
    with pytest.raises(UserError, match="is still to be decided"):
        mapped([export], tmp_path / "m.yml", tmp_path)
    decided = text.replace('"parked": DECIDE', '"parked": pending').replace("DECIDE\n", "in_app\n")
    mapping = write_file("decided.yml", *decided.splitlines())
    first, second = mapped([export], mapping, tmp_path)
    assert first["created_at"] == "2025-10-31 10:00:00"
    assert (first["status"], first["channel"], second["channel"]) == ("resolved", "email", "in_app")
    assert (first["first_response_time"], first["message_text"]) == ("90.0", "#: {x}")


@pytest.mark.parametrize(
    ("header", "presets"),
    [
        ("ID,Status,Channel,Requester_ID,created_at", "--mapping zendesk"),
        ("id,created_at,source,status", "--mapping freshdesk"),
        (
            "id,created_at,source,status,via_channel,requester_id",
            "--mapping freshdesk or --mapping",
        ),
        ("id,status,channel,created_at", None),
    ],
)
def test_a_suggestion_names_presets_that_find_their_columns(
    header: str, presets: str | None, write_file: Callable[..., Path]
) -> None:
    text, decisions = suggestion(write_file("e.csv", header, "1"), None, PROJECT)
    said = [decision for decision in decisions if "--mapping" in decision]
    assert [line.startswith(presets) for line in said] == ([True] if presets else [])
    assert ("# DECIDE: --mapping" in text) == bool(presets)


def test_a_suggestion_is_yaml_whatever_the_header_and_repeats_the_options(
    write_file: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = "Opened\x85\u2028\u2029\x7f\x9b\ufeff at"
    for part in ("part 1.csv", "part 2.csv"):
        write_file(part, f"Id,{odd},Closed,State\n1,2025-11-04,,Done\n".encode("utf-16"))
    pattern = str(tmp_path / "part*.csv")
    assert cli.main(["suggest-mapping", pattern, "--encoding", "utf-16"]) == 0
    written = tmp_path / "part 1.csv.mapping.yml"
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f"then      --tickets '{pattern}' --encoding utf-16 --mapping '{written}'"
    text = written.read_text("utf-8")
    decided = text.replace("created_at: DECIDE", f"created_at: {json.dumps(odd)}")
    decided = decided.replace("channel: DECIDE", "channel: {value: email}")
    mapping = write_file("decided.yml", *decided.split("\n"))
    rows = mapped([pattern], mapping, tmp_path)
    assert columns(rows, "ticket_id", "created_at") == [("1", "2025-11-04 00:00:00")] * 2


def test_the_documented_mapping_works(write_file: Callable[..., Path], tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "mappings.md").read_text("utf-8")
    mapping = write_file("mapping.yml", *text.split("```yaml\n")[1].split("```")[0].splitlines())
    export = write_file(
        "export.csv",
        "Ticket No,Opened,State,Hours,Via,Topic,First reply (h),Subject",
        '1,4/11/2025 10:30,Done,2,Mail,Billing,"0,5",Hi',
        "2,4/11/2025 10:30,open,2,Post,Else,,",
    )
    rows = mapped([export], mapping, tmp_path)
    assert columns(rows, "created_at", "resolved_at", "status", "channel", "tag") == [
        ("2025-11-04 09:30:00", "2025-11-04 11:30:00", "resolved", "email", "financial"),
        ("2025-11-04 09:30:00", None, "pending", "in_app", None),
    ]
    assert columns(rows, "first_response_time", "message_text") == [("30.0", "Hi"), (None, None)]


def test_presets_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    for path in (Path(cli.__file__).with_name("mappings")).glob("*.yml"):
        assert path.stem in text
