"""How an argument is spelled in a sentence: as Python has it, and in a shell as a flag that can be typed."""

from typing import Any

import pytest

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
