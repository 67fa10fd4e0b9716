"""Flags of the command line as arguments of `tune`."""

from typing import Any

import pytest

from autoopt import Constraints, Resources, Space, axes, flags
from autoopt.errors import UsageError
from autoopt.space import AXES


def space(own: Any = "auto", **options: Any) -> Space:
    """Return the space that some flags make of a model file's own."""
    found = flags.read(options).arguments({"space": own})["space"]
    assert isinstance(found, Space)
    return found


def opened(found: Space) -> set[str]:
    return {name for name in AXES if getattr(found, name) is not False}


@pytest.mark.parametrize("given", [("structure,batch-size",), ("structure", " batch_size ")])
def test_open_closes_every_other_axis(given: tuple[str, ...]) -> None:
    assert opened(space(opened=given)) == {"structure", "batch_size"}


def test_an_axis_that_another_flag_or_pin_names_stays_open() -> None:
    found = space(
        Space(fix={"regularization/l1": 0.0}),
        opened=("structure",), fix=("optimizer/name=adamw",), batch_size=("32,64",),
    )  # fmt: skip

    assert opened(found) == {"structure", "regularization", "optimizer", "batch_size"}
    assert found.batch_size == axes.BatchSize((32, 64))
    assert found.fix == {"regularization/l1": 0.0, "optimizer/name": "adamw"}


def test_open_keeps_how_the_model_file_narrows_an_axis_and_opens_what_it_closes() -> None:
    own = Space(structure=False, optimizer=axes.Optimizer(("sgd",)))
    found = space(own, opened=("structure", "optimizer"))

    assert (found.structure, found.optimizer) == (True, axes.Optimizer(("sgd",)))


def test_close_leaves_the_other_axes_as_the_model_file_has_them() -> None:
    found = space(Space(structure=False), closed=("optimizer,batch_size",))

    assert opened(found) == set(AXES) - {"structure", "optimizer", "batch_size"}


def test_a_value_of_fix_is_read_as_json_and_else_as_text() -> None:
    found = space(fix=("optimizer/learning_rate=1e-3", "batch_size=32", "optimizer/name=adam", "own=true"))

    assert found.fix == {
        "optimizer/learning_rate": 1e-3,
        "batch_size": 32,
        "optimizer/name": "adam",
        "own": True,
    }


def test_without_a_flag_the_model_file_s_arguments_are_as_they_are() -> None:
    own = {"space": Space(structure=False), "epochs": 3}

    assert flags.read({"budget": None, "opened": (), "fix": ()}).arguments(own) == own


def test_other_flags_are_arguments_of_their_own_or_fields_of_one() -> None:
    given = {
        "epochs": 2,
        "resume": "true",
        "workers": "auto",
        "address": "auto",
        "gpus": 0.5,
        "backend": "jax",
        "max_params": 9,
        "engine": "keras",
        "isolate": True,
        "memory": None,
        "max_disk": None,
    }
    found = flags.read(given).arguments({"epochs": 3, "constraints": Constraints(max_latency_ms=5.0)})

    assert found == {
        "epochs": 2, "resume": True, "workers": "auto",
        "resources": Resources(engine="keras", isolate=True, address="auto", gpus=0.5, backend="jax"),
        "constraints": Constraints(max_params=9, max_latency_ms=5.0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"opened": ("structur",)},
            "--open was given 'structur', which is no axis. Did you mean 'structure'",
        ),
        ({"closed": ("optimiser",)}, "--close was given 'optimiser', which is no axis. Did you mean 'optim"),
        (
            {"opened": ("optimizer",), "closed": ("optimizer",)},
            "--open optimizer was given together with --cl",
        ),
        (
            {"closed": ("batch-size",), "batch_size": ("32",)},
            "--batch-size was given together with --close b",
        ),
        (
            {"closed": ("optimizer",), "fix": ("optimizer/name=sgd",)},
            "--fix optimizer/name was given together",
        ),
        (
            {"fix": ("batch_size=16", "batch_size=32")},
            "--fix was given 16 and 32 for batch_size. Leave out one",
        ),
        ({"fix": ("adam",)}, "--fix was given 'adam'. Expected NAME=VALUE"),
        ({"batch_size": ("32,x",)}, "--batch-size was given '32,x'. Expected whole numbers with commas"),
        ({"batch_size": ("0",)}, r"batch_size was given \[0\]. Expected whole numbers from 1"),
    ],
)
def test_flags_that_are_wrong_or_contradict_each_other_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        space(**options)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("True", True),
        ("false", False),
        (".01", 0.01),
        ("1e-3", 0.001),
        ("32", 32),
        ("NaN", "NaN"),
        ("adam", "adam"),
    ],
)
def test_a_value_in_a_shell_is_read_as_json_or_python_would(text: str, value: Any) -> None:
    (found,) = flags.read({"fix": (f"name={text}",)}).pins.values()

    assert found == value and type(found) is type(value)


def test_a_flag_that_names_no_axis_is_refused() -> None:
    with pytest.raises(UsageError, match="--open was given ''"):
        flags.read({"opened": ("",)})


@pytest.mark.parametrize(
    ("given", "expected"),
    [(("val_loss",), "val_loss"), (("val_loss", "latency"), ["val_loss", "latency"])],
    ids=str,
)
def test_an_objective_that_is_repeated_is_a_list(given: tuple[str, ...], expected: Any) -> None:
    assert flags.read({"objective": given}).arguments({"objective": "auto"}) == {"objective": expected}
    assert flags.read({"objective": ()}).arguments({"objective": "auto"}) == {"objective": "auto"}
