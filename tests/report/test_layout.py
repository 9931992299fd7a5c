"""Tables on any terminal."""

from __future__ import annotations

from dso.report.layout import labelled, table_lines


def test_columns_are_as_wide_as_their_widest_cell():
    assert table_lines(("name", "kWh"), [("a", "1.5"), ("longer name", "1,000.0")], right=(1,)) == [
        "name             kWh",
        "───────────  ───────",
        "a                1.5",
        "longer name  1,000.0",
    ]


def test_only_text_in_the_last_column_is_wrapped_and_between_words():
    lines = table_lines(("id", "what it is"), [("x", "one two three four five six seven")], width=30)
    assert lines[2:] == ["x   one two three four five", "    six seven"]


def test_no_number_or_word_is_broken_however_narrow():
    word = "w" * 60
    lines = table_lines(("a", "b", "c"), [("1,234,567.89", word, "2")], right=(0, 2), width=20)
    assert lines[2] == f"1,234,567.89  {word}  2"


def test_no_rows_leave_the_heads():
    assert table_lines(("a", "b"), []) == ["a  b", "─  ─"]


def test_a_label_keeps_its_text_beside_it():
    assert labelled("Peak", "five six", 80) == ["Peak        five six"]
    assert labelled("Audit", "one two three four five six seven", 36) == [
        "Audit       one two three four five",
        "            six seven",
    ]
