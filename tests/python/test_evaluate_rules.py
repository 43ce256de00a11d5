"""Labelled text through the real models: figures, mistakes, and what happens to wrong files."""

from __future__ import annotations

from pathlib import Path

import pytest
from support_analytics import evaluation_cli
from support_analytics.errors import UserError
from support_analytics.evaluation import (
    LabelledText,
    Reading,
    classify,
    read_labelled,
    score,
    ticket_categories,
    without_own_rules,
    worst_mistakes,
    write_rules_without,
)

CATEGORIES = ["checkout", "financial", "engagement", "others"]
HEADER = "category,topic,pattern,weight,purpose\n"

LABELLED = (
    ("checkout", "The buyer's card was declined on the payment page"),
    ("checkout", "O cartão foi recusado e o Pix não aparece"),
    ("checkout", "coupon VERAO says it is not valid"),
    ("financial", "I was charged twice and want my money back"),
    ("financial", "Meu saque não caiu, cadê o dinheiro"),
    ("financial", "Necesito la factura del mes pasado"),
    ("engagement", "How do I unsubscribe from your newsletter?"),
    ("engagement", "O alcance caiu e os seguidores não recebem notificações"),
    ("engagement", "Campaign e-mails bounce for half of the subscribers"),
    ("others", "Esqueci minha senha e não consigo entrar na conta"),
    ("others", "The delivery of a parcel to my house took ages, where is my package"),
    ("others", "xyz"),
)


def labelled(rows=LABELLED) -> list[LabelledText]:
    return [LabelledText(line, text, category) for line, (category, text) in enumerate(rows, 2)]


def reading(category: str, rules=(), **scores: float) -> Reading:
    every_score = dict.fromkeys(CATEGORIES, 0.0) | scores
    return Reading(category, "topic", "because", 0.5, every_score, frozenset(rules))


def test_categories_are_the_projects():
    assert ticket_categories() == CATEGORIES


def test_the_models_read_plain_cases_of_each_category_and_language():
    texts = labelled()
    readings = classify(texts)
    assert [one.category for one in readings] == [text.category for text in texts]
    assert readings[0].topic == "card_declined"
    assert readings[3].topic in ("duplicate_charge", "refund")
    assert readings[-1].topic == "unclear"
    assert all(one.rationale.count(". ") <= 1 for one in readings)


def test_other_rules_change_the_result_without_touching_sql(tmp_path):
    rules = tmp_path / "rules.csv"
    rules.write_text(HEADER + "engagement,reach,xyz,2,an example\n")
    texts = labelled([("engagement", "XYZ!"), ("others", "card declined")])
    readings = classify(texts, rules)
    assert [(one.category, one.topic) for one in readings] == [
        ("engagement", "reach"),
        ("others", "unclear"),
    ]
    assert readings[0].rules == {2}


def test_a_rule_that_cannot_be_used_is_named_with_its_line(tmp_path):
    rules = tmp_path / "rules.csv"
    rules.write_text(HEADER + "others,login,login,2,fine\nothers,login,log(in,2,wrong\n")
    with pytest.raises(UserError, match=r"rules.csv line 3, pattern log\(in: pattern") as caught:
        classify(labelled(), rules)
    assert str(caught.value).startswith(f"{rules} line 3, ")
    assert "dbt.log" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\n", " line 1: column 'category' is missing; the header needs category,topic"),
        (HEADER.replace(",", ";").encode(), " line 1: column 'category' is missing"),
        (b"", " line 1: column 'category' is missing"),
        (HEADER.encode() + b"others,login,s\xe9nha,2,x\n", " is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_file_of_no_rules_is_named(tmp_path, capsys, content, message):
    texts, rules = tmp_path / "labelled.csv", tmp_path / "rules.csv"
    texts.write_text("text,category\nrefund please,financial\n")
    rules.write_bytes(content)
    assert evaluation_cli.main([str(texts), "--rules", str(rules)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {rules}{message}")
    assert error.count("\n") == 1


def test_scores_are_counted_by_hand():
    texts = labelled([("checkout", "a"), ("checkout", "b"), ("financial", "c"), ("others", "d")])
    readings = [reading(category) for category in ("checkout", "others", "financial", "others")]
    scores = score(texts, readings, CATEGORIES, samples=50)
    assert scores.accuracy.value == 0.75
    by_category = {one.category: one for one in scores.classes}
    assert list(by_category) == ["checkout", "financial", "others"]
    assert by_category["checkout"].precision.value == 1
    assert by_category["checkout"].recall.value == 0.5
    assert by_category["others"].precision.value == 0.5
    assert scores.macro_f1.value == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert scores.accuracy.low <= 0.75 <= scores.accuracy.high
    assert score(texts, readings, CATEGORIES, samples=50) == scores


def test_intervals_are_the_middle_95_percent_of_a_thousand_samples():
    rows = [("checkout", f"{number}") for number in range(60)]
    texts = labelled([*rows, *(("others", f"{number}") for number in range(40))])
    hits = [number % 4 > 0 for number in range(100)]
    readings = [
        reading(text.category if is_hit else "financial")
        for text, is_hit in zip(texts, hits, strict=True)
    ]
    scores = score(texts, readings, CATEGORIES)
    checkout, others = scores.classes
    # By the normal distribution it would be 0.75 and 1.96 * 0.0433 to either side.
    assert [
        (one.value, round(one.low, 4), round(one.high, 4))
        for one in (scores.accuracy, checkout.recall)
    ] == [(0.75, 0.67, 0.83), (0.75, 0.6406, 0.8594)]
    assert [round(bound, 4) for bound in (others.f1.low, others.f1.high)] == [0.7636, 0.9375]
    assert [round(bound, 4) for bound in (scores.macro_f1.low, scores.macro_f1.high)] == [
        0.7951,
        0.9103,
    ]


def test_worst_mistakes_come_by_how_far_the_label_was_outscored():
    texts = labelled([("checkout", "a"), ("checkout", "b"), ("others", "c")])
    readings = [
        reading("financial", financial=3.0, checkout=2.0),
        reading("financial", financial=3.0),
        reading("others"),
    ]
    assert [text.text for text, _ in worst_mistakes(texts, readings, 5)] == ["b", "a"]
    assert len(worst_mistakes(texts, readings, 1)) == 1


def test_rules_of_one_source_only_can_be_left_out(tmp_path):
    texts = [LabelledText(2, "a", "others", "one"), LabelledText(3, "b", "others", "two")]
    readings = [reading("others", [2, 3]), reading("others", [3, 4])]
    assert without_own_rules(texts, readings, "one") == {2}
    rules = tmp_path / "rules.csv"
    rules.write_text(HEADER + "others,a,a,1,x\nothers,b,b,1,x\n")
    kept = write_rules_without(frozenset({2}), tmp_path / "kept.csv", rules)
    assert kept.read_text() == HEADER + "others,b,b,1,x\n"
    # A rule stands on the line on which it starts.
    rules.write_text(HEADER + 'others,a,a,1,"x\ny"\nothers,b,b,1,x\n')
    kept = write_rules_without(frozenset({2}), tmp_path / "kept.csv", rules)
    assert kept.read_text() == HEADER + "others,b,b,1,x\n"
    kept = write_rules_without(frozenset({4}), tmp_path / "kept.csv", rules)
    assert kept.read_text() == HEADER + 'others,a,a,1,"x\ny"\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,b\n", "line 1: column 'category' is missing"),
        ("text,category\nrefund me,money\n", "line 2: category 'money' is not one of checkout"),
        ('text,category\n"two\nlines",others\n\n ,others\n', "line 5: text is empty"),
        ("text,category\n", "has a header and no rows"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(tmp_path, capsys, content, message):
    path = tmp_path / "labelled.csv"
    path.write_text(content)
    assert evaluation_cli.main([str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path}") and message in error
    assert error.count("\n") == 1


def test_a_missing_file_is_named(tmp_path, capsys):
    assert evaluation_cli.main([str(tmp_path / "none.csv")]) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


def test_the_report_has_figures_sources_and_mistakes(tmp_path, capsys):
    path = tmp_path / "labelled.csv"
    path.write_text(
        "text,category,source\nrefund please,financial,one\n"
        "my password is wrong,others,two\nnewsletter,checkout,two\n"
    )
    assert evaluation_cli.main([str(path), "--mistakes", "3"]) == 0
    report = capsys.readouterr().out
    assert "accuracy   0.667" in report
    assert "two" in report
    assert "line 4: checkout, read as engagement" in report
    assert 'because of "newsletter"' in report


def test_labels_are_read_as_written(tmp_path: Path):
    path = tmp_path / "labelled.csv"
    path.write_text('\ufefftext,category\n"a, ""b""",Others \n', encoding="utf-8")
    assert read_labelled(path, CATEGORIES) == [LabelledText(2, 'a, "b"', "others")]
