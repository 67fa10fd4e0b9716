"""How a run was begun in a shell is taken from its folder only where this user wrote it there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from autoopt import command
from autoopt.cli import tune
from autoopt.command import Command

GIVEN = Command(
    "net.py", Path("train.npz"), {"max_trials": 3, "fix": ("a=1", "b=2"), "seed": None}, "/somewhere"
)


OPTIONS = [each for each in tune.params if isinstance(each, click.Option) and each.name != "as_json"]
"""Those that a run is begun with."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have this user's key in a folder of the test's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "autoopt"


def written() -> dict[str, Any]:
    return json.loads(json.dumps(GIVEN.written()))  # type: ignore[no-any-return]


def test_what_was_written_is_read() -> None:
    found = command.read(written())

    assert found is not None
    assert (found.model, found.folder) == ("net.py", "/somewhere")
    assert found.data == Path("train.npz").absolute()
    logs = str(Path("tensorboard_logs").absolute())
    assert found.options == {"max_trials": 3, "fix": ("a=1", "b=2"), "logdir": logs}


@pytest.mark.parametrize("field", ["model", "data", "options", "folder", "seal"])
def test_what_somebody_else_changed_is_not_taken(field: str) -> None:
    assert command.read({**written(), field: "evil.py"}) is None


@pytest.mark.parametrize(
    "record",
    [
        None,
        3,
        [],
        {},
        {"model": "net.py"},
        {"seal": ""},
        {"model": "net.py", "seal": None},
        {"seal": "\ud800"},
    ],
)
def test_what_is_no_command_is_not_taken(record: Any) -> None:
    assert command.read(record) is None


def test_nobody_else_can_read_the_key_and_another_users_seal_is_none(own_folder: Path) -> None:
    record = written()
    key = own_folder / command.KEY
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    assert command.read(record) is None


def test_where_no_key_can_be_kept_nothing_is_sealed_and_nothing_is_taken(own_folder: Path) -> None:
    own_folder.parent.mkdir()
    own_folder.write_text("a file in the way")

    assert written()["seal"] == ""
    assert command.read(written()) is None


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, {"max_trials": 3, "budget": "1m", "epochs": 2}),
        ({"max_trials": 9}, {"max_trials": 9, "epochs": 2}),
        ({"target": ()}, {"max_trials": 3, "budget": "1m", "epochs": 2}),
        ({"budget": "2m", "verbose": 0}, {"budget": "2m", "epochs": 2, "verbose": 0}),
    ],
)
def test_limits_take_the_place_of_those_of_before(options: dict[str, Any], kept: dict[str, Any]) -> None:
    before = Command("net.py", options={"max_trials": 3, "budget": "1m", "epochs": 2})
    assert command.going_on(before, None, options).options == kept


def test_a_model_file_that_is_named_now_is_taken_with_the_flags_of_before() -> None:
    before = Command("net.py", options={"epochs": 2}, folder="/somewhere")
    found = command.going_on(before, Command("other.py"), {})
    assert (found.model, found.options) == ("other.py", {"epochs": 2})
    assert command.going_on(None, Command("other.py"), {}).options == {}


def test_a_command_is_spelled_as_the_shell_reads_it() -> None:
    given = {
        "isolate": True,
        "max_trials": 3,
        "opened": ["structure"],
        "closed": ["optimizer"],
        "fix": ["a=1", "b=2"],
    }
    words = command.spelled({"model": "net.py", "data": "train.npz", "options": given})
    assert words[:5] == ["autoopt", "tune", "net.py", "train.npz", "--isolate"]
    with tune.make_context("tune", words[2:]) as read:
        found = {name: read.params[name] for name in given}
    assert found == {name: tuple(each) if isinstance(each, list) else each for name, each in given.items()}


def test_a_flag_that_was_not_given_is_left_out() -> None:
    assert command.spelled({"model": "net.py", "options": {"isolate": False}}) == [
        "autoopt",
        "tune",
        "net.py",
    ]


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_every_flag_is_spelled_as_it_is_declared(option: click.Option) -> None:
    value = True if option.is_flag else 1
    words = command.spelled({"model": "net.py", "options": {str(option.name): value}})
    assert words[3] in option.opts


def test_a_command_is_known_while_it_is_carried_out() -> None:
    with command.given(GIVEN):
        assert command.current() == GIVEN
    assert command.current() is None
