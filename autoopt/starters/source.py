"""A starter as source text: a model file of Keras alone, which runs as it is and waits for the user's data."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import keras

from autoopt.prepared import Inputs, Outputs

ROWS = 256
"""Of the random data that stands where the user's own is to stand."""

RECORDS = ("inputs", "outputs")
"""What a starter takes beside `hp`; in the text their values are constants."""


def written(starter: Callable[..., keras.Model], inputs: Inputs, outputs: Outputs) -> str:
    """Return a starter as a model file.

    Args:
        starter: A function of this room.
        inputs: What its model takes.
        outputs: What its model gives.
    """
    told = inspect.getdoc(inspect.getmodule(starter)) or ""
    function, used = _function(starter)
    values = {name.upper(): getattr(record, name) for record in (inputs, outputs) for name in _names(record)}
    constants = [f"{name} = {_literal(value)}" for name, value in values.items() if name in used]
    parts = (
        f'"""{told}"""',
        "import keras\nimport numpy as np",
        "\n".join(constants),
        f"\n{function}",
        f"\n{_data(starter(_Defaults(), inputs, outputs), outputs)}",
    )
    return "\n\n".join(parts) + "\n"


class _Defaults:
    """Hyperparameters of a model as it is: each is its default."""

    def Choice(self, name: str, values: Any, default: Any) -> Any:
        return default


def _names(record: Any) -> list[str]:
    return [field.name for field in fields(record)]


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _function(starter: Callable[..., keras.Model]) -> tuple[str, set[str]]:
    """Return the text of a starter with constants in place of its records, and which constants these are."""
    text = inspect.getsource(starter)
    tree = ast.parse(text)
    found = sorted(
        (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_record(node.value)),
        key=lambda node: (node.lineno, node.col_offset),
        reverse=True,
    )
    lines = text.encode().splitlines()  # columns of a syntax tree count bytes
    for node in found:
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = (
            line[: node.col_offset] + node.attr.upper().encode() + line[node.end_col_offset :]
        )
    body = tree.body[0].body[0].lineno  # type: ignore[attr-defined]
    rest = b"\n".join(lines[body - 1 :]).decode()
    return f"def model_fn(hp):\n{rest}", {node.attr.upper() for node in found}


def _is_record(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in RECORDS


def _data(model: keras.Model, outputs: Outputs) -> str:
    """Return lines that make random rows of the shapes that a model takes and gives."""
    made = {tensor.name: _random(tensor.shape[1:], tensor.dtype, model) for tensor in model.inputs}
    if len(made) == 1:
        x = next(iter(made.values()))
    else:
        x = "{\n" + "".join(f'    "{name}": {text},\n' for name, text in made.items()) + "}"
    lines = (
        "# Random rows: put your own here.",
        "random = np.random.default_rng(0)",
        f"x = {x}",
        f"y = {_labels(outputs)}",
        "data = (x, y)",
    )
    return "\n".join(lines)


def _random(shape: tuple[int, ...], dtype: str, model: keras.Model) -> str:
    size = f"({ROWS}, {', '.join(map(str, shape))})"
    if dtype.startswith("int"):
        most = next(layer.input_dim for layer in model.layers if isinstance(layer, keras.layers.Embedding))
        return f"random.integers(0, {most}, {size})"
    return f'random.normal(size={size}).astype("float32")'


def _labels(outputs: Outputs) -> str:
    if outputs.loss == "sparse_categorical_crossentropy":
        return f"random.integers(0, UNITS, {ROWS})"
    if outputs.loss == "binary_crossentropy":
        return f"random.integers(0, 2, {ROWS if outputs.units == 1 else (ROWS, outputs.units)})"
    if outputs.loss == "poisson":
        return f"random.poisson(3, {ROWS})"
    return f'random.normal(size={ROWS}).astype("float32")'
