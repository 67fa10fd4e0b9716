"""How an argument is spelled in a sentence: as Python has it, and in a shell as a flag that can be typed."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt import flags
from autoopt.errors import UsageError
from autoopt.spelling import named, spelled, spelling

CASES: dict[str, tuple[str, Any, str, str]] = {
    "a word": ("target", "label", "target='label'", "--target label"),
    "a word with spaces": ("target", "my label", "target='my label'", "--target 'my label'"),
    "several words": ("target", ["a", "b"], "target=['a', 'b']", "--target a --target b"),
    "words behind one flag": ("drop", ["a", "b"], "drop=['a', 'b']", "--drop a,b"),
    "a comma in a name": ("drop", ["a,b"], "drop=['a,b']", "--drop '\"a,b\"'"),
    "kinds": ("types", {"zip": "category"}, "types={'zip': 'category'}", "--types zip=category"),
    "a number": ("validation_split", 0.5, "validation_split=0.5", "--validation-split 0.5"),
    "yes": ("resume", True, "resume=True", "--resume true"),
    "a flag alone": ("proba", True, "proba=True", "--proba"),
    "another flag alone": ("isolate", True, "isolate=True", "--isolate"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_argument_is_spelled_as_its_reader_types_it(case: str) -> None:
    argument, value, python, shell = CASES[case]
    assert spelled(argument, value) == python
    with spelling(shell=True):
        assert spelled(argument, value) == shell
    assert spelled(argument, value) == python


def test_what_a_model_file_calls_within_a_command_is_spelled_in_python() -> None:
    with spelling(shell=True):
        with spelling(shell=False):
            assert named("project_name") == "project_name"
        assert named("project_name") == "--project-name"


def test_what_is_no_flag_in_a_shell_is_called_as_its_commands_call_it() -> None:
    assert [named(each) for each in ("path", "data")] == ["path", "data"]
    with spelling(shell=True):
        assert [named(each) for each in ("path", "data", "model_fn")] == ["PATH", "DATA", "MODEL"]


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.sampled_from(
    ['a"b,c', '"q"', " lead", "tail ", "new\nline", "a = b", "", '"', "\r", "\u2003x"]
)


@given(st.lists(NAMES, min_size=1))
def test_columns_are_read_from_a_shell_as_they_are_spelled_for_it(names: list[str]) -> None:
    with spelling(shell=True):
        flag, *texts = shlex.split(spelled("drop", names))
    assert flag == "--drop" and flags.read({"drop": texts}).plain == {"drop": tuple(dict.fromkeys(names))}


@given(st.dictionaries(NAMES, st.sampled_from(["number", "text", "dna"]), min_size=1))
def test_kinds_are_read_from_a_shell_as_they_are_spelled_for_it(kinds: dict[str, str]) -> None:
    with spelling(shell=True):
        flag, *texts = shlex.split(spelled("types", kinds))
    assert flag == "--types" and flags.read({"types": texts}).plain == {"types": kinds}


@pytest.mark.parametrize("text", ['"a', 'a,"b,c'])
def test_a_quotation_mark_that_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--drop was given .*closed\. Write two"):
        flags.read({"drop": (text,)})


@pytest.mark.parametrize("text", [' a , "b,c" = text', '"a"," b,c = text ",', 'a,,"b,c" =  text '])
def test_words_have_blanks_and_commas_around_them_as_people_type(text: str) -> None:
    assert len(flags.read({"drop": (text,)}).plain["drop"]) == 2
