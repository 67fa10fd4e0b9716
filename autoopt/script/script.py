"""A winner as a script of its own: `build_model`, `train`, and what runs it on a data file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from autoopt.course import Course
from autoopt.script.compilation import compilation_of
from autoopt.script.expression import Display, Expression, call, flat, laid_out, listed, literal
from autoopt.script.models import Models
from autoopt.script.objects import MOST_NUMBERS
from autoopt.script.training import training_of


@dataclass(frozen=True)
class Winner:
    """What is written as a script.

    Attributes:
        model: Compiled, with its trained weights.
        course: How it was trained.
        header: What stands at the top, as lines.
        seed: Of the run.
        custom_objects: Classes and functions of the user's own, name to object.
    """

    model: keras.Model
    course: Course
    header: Sequence[str]
    seed: int
    custom_objects: Mapping[str, Any] = field(default_factory=dict)


def script_of(winner: Winner) -> str:
    """Return the text of a script that builds and trains a winner, laid out as `ruff format` does at 100 columns.

    Args:
        winner: What is written.

    Raises:
        UsageError: It cannot be written as code.
    """
    model, course = winner.model, winner.course
    models = Models(model, winner.custom_objects)
    several = () if _sides(model)[1] is None else model.output_names
    body = models.body(model, [*several, *course.biases])
    compilation = compilation_of(model, course, models.spelling)
    structured = any(isinstance(side, list | dict) for side in _sides(model))
    training = training_of(course, compilation, structured)
    given = _parameters(course, compilation.rate.needs_steps, bool(compilation.smoothing))
    build = [
        f"def build_model({given}):",
        '    """Return the winner as it starts: its layers, compiled."""',
        *body,
        *_biases(course),
        *compilation.lines,
        "    return model",
    ]
    constants = {"SEED": literal(winner.seed), **training.constants}
    parts = [*compilation.definitions, *training.definitions]
    blocks = [part.strip("\n") for part in parts]
    blocks += ["\n".join(each) for each in (*models.functions, build, training.lines)]
    blocks.append("\n".join(_main(*_sides(model), bool(compilation.definitions))))
    return _assembled(winner.header, models.spelling.imports, constants, blocks)


def _assembled(
    header: Sequence[str],
    own: Mapping[str, Mapping[str, str]],
    constants: Mapping[str, Expression],
    blocks: Sequence[str],
) -> str:
    code = "\n\n\n".join(blocks)
    imports = ["import math"] if "math." in code else []
    imports += ["import sys", "", "import keras", "import numpy as np"]
    if re.search(r"(?<!\.)\blayers\.", code):
        imports.append("from keras import layers")
    if own:
        imports += ["", "# Of your own: the files that define them have to be found by Python."]
        imports += [f"from {module} import {_imported(names)}" for module, names in sorted(own.items())]
    values = [line for name, value in constants.items() for line in laid_out(value, 0, f"{name} = ")]
    top = [f'"""{header[0]}"""'] if len(header) == 1 else [f'"""{header[0]}', *header[1:], '"""']
    return "\n".join([*top, "", *imports, "", *values, "", "", code]) + "\n"


def _imported(names: Mapping[str, str]) -> str:
    told = sorted(names.items())
    return ", ".join(name if name == known else f"{name} as {known}" for name, known in told)


def _parameters(course: Course, steps: bool, smoothed: bool) -> str:
    given = []
    if steps and course.schedule is not None:
        given.append(f"total_steps={course.schedule.total_steps}")
    return ", ".join([*given, *(["label_smoothing=0.0"] if smoothed else [])])


def _biases(course: Course) -> list[str]:
    """Return the statements that set where biases of outputs start, as the labels of the search say."""
    lines = (
        ["    # What the training labels of the search say before anything is learnt."]
        if course.biases
        else []
    )
    for name, values in course.biases.items():
        if len(values) > MOST_NUMBERS:
            lines.append(f"    # Those of {name}, {len(values):,} numbers, start at zero here.")
            continue
        lines += laid_out(
            call(f"model.get_layer({flat(literal(name))}).bias.assign", literal(list(values))), 4
        )
    return lines


def _sides(model: keras.Model) -> tuple[Any, Any]:
    """Return how a model takes and puts out tensors: None for one, the names of a dict, or a list of places."""
    if isinstance(model, keras.Sequential):
        return None, None
    return _names(model._inputs_struct), _names(model._outputs_struct)


def _names(side: Any) -> Any:
    if isinstance(side, dict):
        return {name: name for name in side}
    return [str(place) for place in range(len(side))] if isinstance(side, list | tuple) else None


def _main(inputs: Any, outputs: Any, own: bool) -> list[str]:
    """Return what runs the script on a data file.

    Args:
        inputs: As of `_sides`.
        outputs: Likewise.
        own: Whether the model is compiled with a class of the script.
    """
    note = (
        ["    # It is read back with compile=False: the classes above are this script's alone."]
        if own
        else []
    )
    read = call("train", _read("x", inputs), _read("y", outputs))
    return [
        'if __name__ == "__main__":',
        "    if len(sys.argv) != 2:",
        '        sys.exit("Usage: python FILE DATA.npz, with x and y in it")',
        "    keras.utils.set_random_seed(SEED)",
        "    with np.load(sys.argv[1]) as data:",
        *laid_out(read, 8, "model = "),
        *note,
        '    model.save("best.keras")',
    ]


def _read(side: str, names: Any) -> Expression:
    if isinstance(names, dict):
        return Display("{}", tuple((f"{flat(literal(name))}: ", _array(f"{side}_{name}")) for name in names))
    if isinstance(names, list):
        return listed([_array(f"{side}_{name}") for name in names])
    return _array(side)


def _array(name: str) -> Expression:
    return f"data[{flat(literal(name))}]"
