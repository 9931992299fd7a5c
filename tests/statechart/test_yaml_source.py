"""YAML is read strictly, and every message names file and line."""

from __future__ import annotations

from datetime import date

import pytest

from dso.errors import InputError
from dso.statechart import load_yaml_with_lines


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes):
        file = tmp_path / "study.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def problems(file) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_yaml_with_lines(file)
    return [str(problem) for problem in caught.value.problems]


def test_each_key_and_item_has_its_line(write):
    data, lines = load_yaml_with_lines(write("a: 1\nb:\n  c:\n    - x\n    - {d: 2016-08-01}\n"))
    assert data == {"a": 1, "b": {"c": ["x", {"d": date(2016, 8, 1)}]}}
    assert lines[()] == 1
    assert lines[("b",)] == 2
    assert lines[("b", "c", 1)] == 5
    assert lines[("b", "c", 1, "d")] == 5


def test_duplicate_and_non_text_keys_are_all_reported_at_once(write):
    assert problems(write("a: 1\na: 2\nb:\n  no: 3\n  null: 4\n  1.5: 5\n  [x]: 6\n")) == [
        "study.yaml:2: key 'a' is given twice, first on line 1",
        "study.yaml:4: key no must be text, YAML reads it as a truth value; write it in quotes or rename it",
        "study.yaml:5: key null must be text, YAML reads it as nothing; write it in quotes or rename it",
        "study.yaml:6: key 1.5 must be text, YAML reads it as a number; write it in quotes or rename it",
        "study.yaml:7: a key must be text, was a list or a mapping",
    ]


def test_the_same_key_in_two_mappings_is_fine(write):
    assert load_yaml_with_lines(write("a: {x: 1}\nb: {x: 2}\n"))[0] == {"a": {"x": 1}, "b": {"x": 2}}


def test_a_merge_key_may_be_overridden(write):
    data, _ = load_yaml_with_lines(write("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n"))
    assert data["b"] == {"x": 3, "y": 2}


def test_a_syntax_error_names_its_line(write):
    (problem,) = problems(write("a: 1\nb: {c: 2\nd: 3\n"))
    assert problem.startswith("study.yaml:3: not valid YAML:")


def test_two_documents_in_one_file_are_an_error(write):
    (problem,) = problems(write("a: 1\n---\nb: 2\n"))
    assert problem.startswith("study.yaml:2: not valid YAML:")


def test_an_unknown_tag_is_an_error_not_an_object(write):
    (problem,) = problems(write("a: !!python/object:os.system x\n"))
    assert problem.startswith("study.yaml:1: not valid YAML:")


def test_an_impossible_date_is_an_error(write):
    (problem,) = problems(write("a: 2016-13-01\n"))
    assert problem == "study.yaml:1: 2016-13-01 cannot be read: month must be in 1..12"


def test_a_time_that_yaml_reads_as_a_number_is_an_error(write):
    assert problems(write("a: 12:30\nb: '12:30'\n")) == [
        "study.yaml:1: YAML reads 12:30 as the number 750; write it in quotes"
    ]


def test_an_alias_inside_its_own_value_is_an_error(write):
    assert problems(write("a: &a\n  b: *a\n")) == [
        "study.yaml:1: an alias must not stand inside the value that it names"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "study.yaml: the file is empty"),
        ("a: 1\nb: \x07\n", "study.yaml:2: holds a character that YAML does not allow"),
    ],
)
def test_an_empty_or_unprintable_file_is_an_error(write, content, message):
    assert problems(write(content)) == [message]


def test_a_file_that_is_not_text_or_not_there_is_an_error(write, tmp_path):
    assert problems(write(b"a: \xff\xfe"))[0].endswith("study.yaml: must be a UTF-8 text file")
    assert problems(tmp_path / "none.yaml")[0].endswith(
        "none.yaml: cannot be read: No such file or directory"
    )
