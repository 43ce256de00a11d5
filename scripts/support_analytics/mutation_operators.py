"""Small changes of what a query means: one node of its syntax tree each.

Every operator gets the nodes of a parsed query and offers replacements. A mutation is known by what
it changes and where (the CTE), not by a line, so that it is found again in another rendering of the
same model, such as one with a unit test's fixtures in place of its relations.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

DIALECT = "duckdb"
# Relations that are not CTEs of the query. dbt gives fixtures of unit tests the same name.
RELATION_PREFIX = "__dbt__cte__"
SHOWN_LENGTH = 120
# Longer lists and cases are generated from seeds, which are mutated themselves.
MOST_ITEMS = 20
# Characters of an expression; a longer one holds the patterns of a seed.
LONGEST = 6000
# What the redaction macro makes; hundreds of nodes that tests/python/test_privacy.py holds.
REDACTED_SUFFIX = "_redacted"
# Redaction nests some hundreds of calls.
_RECURSION_LIMIT = 20_000


@dataclass(frozen=True)
class Mutation:
    """One change: which operator, in which CTE, what became what; number counts equal ones."""

    operator: str
    place: str
    before: str
    after: str
    number: int = 1

    def __str__(self) -> str:
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.operator} in {self.place}: {self.before} -> {self.after}{again}"


@dataclass(frozen=True)
class Site:
    """A mutation and the node of a live tree that it replaces."""

    mutation: Mutation
    node: exp.Expression
    replacement: exp.Expression


Offer = tuple[exp.Expression, exp.Expression, str, str]
Operator = Callable[[exp.Expression], Iterator[Offer]]


def parse(sql: str) -> exp.Expression:
    """Parse a query, relations under their bare names behind RELATION_PREFIX.

    Raises sqlglot.errors.SqlglotError for what the parser does not read.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
    tree = sqlglot.parse_one(sql, read=DIALECT)
    for table in list(tree.find_all(exp.Table)):
        if table.args.get("db"):
            bare = exp.Table(this=exp.to_identifier(RELATION_PREFIX + table.name))
            for name, value in table.args.items():
                if name not in ("this", "db", "catalog"):
                    bare.set(name, value)
            table.replace(bare)
    return tree


def text_of(node: exp.Expression) -> str:
    """The node as SQL in one line, without comments."""
    return node.sql(dialect=DIALECT, comments=False)


def sites(tree: exp.Expression) -> list[Site]:
    """Every mutation of a parsed query, in the order of the query."""
    found: list[Site] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for node in tree.walk(bfs=False):
        if _is_left_alone(node):
            continue
        for name, operator in OPERATORS.items():
            for target, replacement, before, after in operator(node):
                if before == after or len(before) > LONGEST:
                    continue
                key = (name, _place(target), _shown(before), _shown(after))
                seen[key] += 1
                found.append(Site(Mutation(*key, number=seen[key]), target, replacement))
    return found


def mutated(tree: exp.Expression, site: Site) -> str:
    """The query with the one change; the tree is left as it was."""
    if site.node is tree:
        return text_of(site.replacement)
    site.node.replace(site.replacement)
    try:
        return text_of(tree)
    finally:
        site.replacement.replace(site.node)


def _is_left_alone(node: exp.Expression) -> bool:
    """Whether the node is of a unit test's fixture, of a list from a seed, or of redaction."""
    holder: exp.Expression | None = node
    while holder is not None:
        if isinstance(holder, exp.CTE) and holder.alias.startswith(RELATION_PREFIX):
            return True
        if isinstance(holder, exp.Case) and len(holder.args["ifs"]) > MOST_ITEMS:
            return True
        if isinstance(holder, exp.In) and len(holder.expressions) > MOST_ITEMS:
            return True
        if isinstance(holder, exp.Alias) and holder.alias.endswith(REDACTED_SUFFIX):
            return True
        holder = holder.parent
    return False


def _place(node: exp.Expression) -> str:
    holder = node if isinstance(node, exp.CTE) else node.find_ancestor(exp.CTE)
    return holder.alias if holder is not None else "query"


def _shown(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= SHOWN_LENGTH:
        return line
    half = SHOWN_LENGTH // 2
    return f"{line[:half]} … {line[-half:]}"


def _changed(node: exp.Expression, **arguments: object) -> exp.Expression:
    copy = node.copy()
    for name, value in arguments.items():
        copy.set(name, value)
    return copy


def _offer(node: exp.Expression, replacement: exp.Expression) -> Offer:
    return node, replacement, text_of(node), text_of(replacement)


def _exchanged(node: exp.Expression, kind: type[exp.Expression]) -> exp.Expression:
    return kind(this=node.this.copy(), expression=node.expression.copy())


def _is_in_join(node: exp.Expression) -> bool:
    holder = node.find_ancestor(exp.Join, exp.Select)
    return isinstance(holder, exp.Join)


# ------------------------------------------------------------------------------------- operators

_OPPOSITE = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}
_BOUNDARY = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}
_AGGREGATES = {
    exp.Sum: exp.Max,
    exp.Max: exp.Min,
    exp.Min: exp.Max,
    exp.Avg: exp.Max,
    exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr,
}
_ARITHMETIC = {exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Div, exp.Div: exp.Mul}
_RANKS = {exp.RowNumber: "rank", exp.Rank: "row_number", exp.DenseRank: "rank"}
_LARGER_UNIT = {"MICROSECOND": "SECOND", "SECOND": "MINUTE", "MINUTE": "HOUR", "HOUR": "DAY"}
_LARGER_UNIT |= {"DAY": "WEEK", "WEEK": "MONTH", "MONTH": "YEAR"}


def _comparison(node: exp.Expression) -> Iterator[Offer]:
    kind = _OPPOSITE.get(type(node))
    # An equality that a join turns round multiplies rows until nothing ends.
    if kind and not (isinstance(node, (exp.EQ, exp.NEQ)) and _is_in_join(node)):
        yield _offer(node, _exchanged(node, kind))
    if isinstance(node, exp.Between):
        yield _offer(node, exp.not_(exp.paren(node.copy())))


def _boundary(node: exp.Expression) -> Iterator[Offer]:
    kind = _BOUNDARY.get(type(node))
    if kind:
        yield _offer(node, _exchanged(node, kind))
    if isinstance(node, exp.Between):
        low = exp.GT(this=node.this.copy(), expression=node.args["low"].copy())
        high = exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
        yield _offer(node, exp.paren(exp.and_(low, high)))


def _logic(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, exp.And) and not _is_in_join(node):
        yield _offer(node, exp.paren(_exchanged(node, exp.Or)))
    if isinstance(node, exp.Or) and not _is_in_join(node):
        yield _offer(node, exp.paren(_exchanged(node, exp.And)))
    if isinstance(node, exp.Case) and len(node.args["ifs"]) <= MOST_ITEMS:
        for number, branch in enumerate(node.args["ifs"]):
            if len(node.args["ifs"]) > 1:
                rest = [other.copy() for other in node.args["ifs"]]
                del rest[number]
                shown = f"when {text_of(branch.this)} then {text_of(branch.args['true'])}"
                yield node, _changed(node, ifs=rest), shown, "(no such branch)"
        default = node.args.get("default")
        if default is not None and not isinstance(default, exp.Null):
            yield node, _changed(node, default=None), f"else {text_of(default)}", "(no else)"


def _join_kind(node: exp.Expression) -> Iterator[Offer]:
    if not isinstance(node, exp.Join) or not node.args.get("on"):
        return
    side = node.side.upper()
    joined = f"join {text_of(node.this)}"
    if side in ("LEFT", "FULL"):
        narrower = {"LEFT": ("", "INNER"), "FULL": ("LEFT", "")}[side]
        changed = _changed(node, side=narrower[0] or None, kind=narrower[1] or None)
        yield (
            node,
            changed,
            f"{side.lower()} {joined}",
            f"{' '.join(narrower).strip()} join".lower(),
        )
    elif not side and node.kind.upper() != "CROSS":
        yield node, _changed(node, side="LEFT", kind=None), f"inner {joined}", "left join"


def _join_condition(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, exp.Join) and isinstance(node.args.get("on"), exp.And):
        yield from _without_conjuncts(node, "on", node.args["on"], f"join {text_of(node.this)} on ")


def _filter(node: exp.Expression) -> Iterator[Offer]:
    if not isinstance(node, exp.Select):
        return
    for clause in ("where", "having", "qualify"):
        condition = node.args.get(clause)
        if condition is None:
            continue
        yield (
            condition,
            _changed(condition, this=exp.true()),
            f"{clause} {text_of(condition.this)}",
            "(no filter)",
        )
        if isinstance(condition.this, exp.And):
            yield from _without_conjuncts(condition, "this", condition.this, f"{clause} ")


def _without_conjuncts(
    holder: exp.Expression, argument: str, condition: exp.Expression, shown: str
) -> Iterator[Offer]:
    parts = list(condition.flatten())
    for number, part in enumerate(parts):
        rest = [other.copy() for other in parts]
        del rest[number]
        changed = _changed(holder, **{argument: exp.and_(*rest)})
        yield holder, changed, f"{shown}… {text_of(part)}", "(condition dropped)"


def _null_handling(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, exp.Coalesce) and node.expressions:
        yield _offer(node, node.this.copy())
        if len(node.expressions) == 1 and not isinstance(node.expressions[0], exp.Literal):
            yield _offer(node, node.expressions[0].copy())
    if isinstance(node, exp.Nullif):
        yield _offer(node, node.this.copy())
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        if isinstance(node.parent, exp.Not):
            yield _offer(node.parent, node.copy())
        else:
            yield _offer(node, exp.not_(node.copy()))


def _aggregate(node: exp.Expression) -> Iterator[Offer]:
    kind = _AGGREGATES.get(type(node))
    if kind:
        yield _offer(node, kind(this=node.this.copy()))
    if isinstance(node, exp.Count) and not isinstance(node.this, (exp.Star, exp.Distinct)):
        yield _offer(node, exp.Count(this=exp.Star()))
    if isinstance(node, exp.PercentileCont):
        yield _offer(node, exp.PercentileDisc(**{k: v.copy() for k, v in node.args.items() if v}))
    if type(node) in _RANKS and isinstance(node.parent, exp.Window):
        yield _offer(node, exp.Anonymous(this=_RANKS[type(node)]))
    if isinstance(node, (exp.ArgMax, exp.ArgMin)):
        other = exp.ArgMin if isinstance(node, exp.ArgMax) else exp.ArgMax
        yield _offer(node, other(**{k: v.copy() for k, v in node.args.items() if v}))
    if isinstance(node, (exp.Greatest, exp.Least)):
        other = exp.Least if isinstance(node, exp.Greatest) else exp.Greatest
        yield _offer(
            node, other(this=node.this.copy(), expressions=[e.copy() for e in node.expressions])
        )


def _window(node: exp.Expression) -> Iterator[Offer]:
    if not isinstance(node, exp.Window):
        return
    if node.args.get("partition_by"):
        shown = "partition by " + ", ".join(map(text_of, node.args["partition_by"]))
        shown = f"{text_of(node.this)} over ({shown})"
        yield node, _changed(node, partition_by=None), shown, "(no partition)"
    spec = node.args.get("spec")
    if spec is not None:
        start, end = spec.args.get("start"), spec.args.get("end")
        if isinstance(start, exp.Literal):
            longer = exp.Literal.number(int(start.name) + 1)
            shorter = exp.Literal.number(int(start.name) - 1)
            for other in (longer, shorter):
                yield _offer(node, _changed(node, spec=_changed(spec, start=other)))
        elif start == "UNBOUNDED":
            changed = _changed(spec, start=exp.Literal.number(1), start_side="PRECEDING")
            yield _offer(node, _changed(node, spec=changed))
        if end == "CURRENT ROW":
            changed = _changed(spec, end="UNBOUNDED", end_side="FOLLOWING")
            yield _offer(node, _changed(node, spec=changed))


def _order(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, exp.Ordered):
        flipped = _changed(node, desc=not node.args.get("desc"), nulls_first=None)
        yield _offer(node, flipped)
    if isinstance(node, exp.Order) and len(node.expressions) > 1:
        rest = [ordered.copy() for ordered in node.expressions[:-1]]
        yield _offer(node, _changed(node, expressions=rest))


def _constant(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, exp.In) and 1 < len(node.expressions) <= MOST_ITEMS:
        for number, item in enumerate(node.expressions):
            rest = [other.copy() for other in node.expressions]
            del rest[number]
            shown = f"{text_of(node.this)} in (… {text_of(item)})"
            yield node, _changed(node, expressions=rest), shown, "(value dropped)"
    if isinstance(node, exp.Boolean) and not isinstance(node.parent, (exp.Where, exp.Join)):
        yield _offer(node, exp.Boolean(this=not node.this))
    if not isinstance(node, exp.Literal) or node.is_string or _counts_nothing(node):
        return
    if node.name.isdigit():
        yield _offer(node, exp.Literal.number(int(node.name) + 1))
    else:
        yield _offer(node, exp.Literal.number(float(node.name) * 1.5))


def _counts_nothing(number: exp.Expression) -> bool:
    """Whether a number stands where another one means the same."""
    parent = number.parent
    if isinstance(parent, (exp.DataTypeParam, exp.Group, exp.WindowSpec, exp.Ordered)):
        return True
    # `count(case when … then 1 end)`: any value counts.
    return (
        isinstance(parent, exp.If)
        and parent.args.get("true") is number
        and isinstance(parent.parent, exp.Case)
        and isinstance(parent.parent.parent, exp.Count)
    )


def _arithmetic(node: exp.Expression) -> Iterator[Offer]:
    kind = _ARITHMETIC.get(type(node))
    if kind:
        yield _offer(node, exp.paren(_exchanged(node, kind)))


def _date_truncation(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, (exp.DateTrunc, exp.TimestampTrunc)):
        unit = node.args["unit"].name.upper()
        larger = _LARGER_UNIT.get(unit)
        if larger:
            changed = node.copy()
            changed.args["unit"].replace(
                exp.Literal.string(larger)
                if isinstance(node.args["unit"], exp.Literal)
                else exp.Var(this=larger)
            )
            yield _offer(node, changed)
    if isinstance(node, exp.Anonymous) and node.name.lower() in ("date_sub", "datesub"):
        yield _offer(node, _changed(node, this="date_diff"))
    if isinstance(node, exp.AtTimeZone):
        yield _offer(node, node.this.copy())
    if isinstance(node, exp.Cast) and node.to.is_type("date") and isinstance(node.this, exp.Column):
        yield _offer(
            node,
            exp.cast(
                exp.Add(this=exp.cast(node.this.copy(), "date"), expression=exp.Literal.number(1)),
                "date",
            ),
        )


def _union(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, exp.Union):
        left, right = node.left, node.right
        shown = f"… union all {text_of(right)}"
        # A copy without its own `with`, which stays where it was.
        if not node.args.get("with_") and not node.args.get("with"):
            yield node, left.copy(), shown, "(part dropped)"
        # Parts that are told apart by a literal have no row in common.
        named = isinstance(right, exp.Select) and any(
            isinstance(column.unalias(), exp.Literal) for column in right.expressions
        )
        if not node.args.get("distinct") and not named:
            yield node, _changed(node, distinct=True), "union all", "union"


def _distinct(node: exp.Expression) -> Iterator[Offer]:
    if isinstance(node, exp.Select) and node.args.get("distinct"):
        shown = "select distinct " + ", ".join(map(text_of, node.expressions))
        yield node, _changed(node, distinct=None), shown, "select"
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Distinct):
        yield _offer(node, exp.Count(this=node.this.expressions[0].copy()))


def _column_swap(node: exp.Expression) -> Iterator[Offer]:
    """Two columns of a select list, each under the other's name."""
    if not isinstance(node, exp.Select):
        return
    columns = node.expressions
    for first in range(len(columns)):
        for second in range(first + 1, min(first + 3, len(columns))):
            one, other = columns[first], columns[second]
            sources = [c.this if isinstance(c, exp.Alias) else c for c in (one, other)]
            if not all(isinstance(source, exp.Column) for source in sources):
                continue
            if any(isinstance(source.this, exp.Star) for source in sources):
                continue
            changed = node.copy()
            changed.expressions[first].replace(
                exp.alias_(sources[1].copy(), one.alias_or_name, quoted=False)
            )
            changed.expressions[second].replace(
                exp.alias_(sources[0].copy(), other.alias_or_name, quoted=False)
            )
            yield node, changed, f"{text_of(one)}, {text_of(other)}", "each under the other's name"


OPERATORS: dict[str, Operator] = {
    "comparison": _comparison,
    "boundary": _boundary,
    "logic": _logic,
    "join kind": _join_kind,
    "join condition": _join_condition,
    "filter": _filter,
    "null handling": _null_handling,
    "aggregate": _aggregate,
    "window": _window,
    "order": _order,
    "constant": _constant,
    "arithmetic": _arithmetic,
    "date truncation": _date_truncation,
    "union": _union,
    "distinct": _distinct,
    "column swap": _column_swap,
}
