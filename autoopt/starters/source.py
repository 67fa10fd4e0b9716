"""A starter as source text: a model file of Keras alone, which runs as it is and waits for the user's data."""

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any

from autoopt.prepared import Inputs, Outputs

ROWS = 256
"""Of the random data that stands where the user's own is to stand."""

RECORDS = ("inputs", "outputs")
"""What a starter takes beside `hp`; in the text their values are constants."""


def written(name: str, inputs: Inputs, outputs: Outputs) -> str:
    """Return a starter as a model file.

    Args:
        name: Of the starter.
        inputs: What its model takes.
        outputs: What its model gives.
    """
    function, used = _function(_text(name))
    values = {each.upper(): getattr(record, each) for record in (inputs, outputs) for each in _names(record)}
    constants = [f"{each} = {_literal(value)}" for each, value in values.items() if each in used]
    parts = (
        f'"""{told(name)}"""',
        "import keras\nimport numpy as np",
        "\n".join(constants),
        f"\n{function}",
        f"\n{_data(inputs, outputs)}",
    )
    return "\n\n".join(parts) + "\n"


def told(name: str) -> str:
    """Return what a starter says of itself."""
    return ast.get_docstring(ast.parse(_text(name))) or ""


def _text(name: str) -> str:
    """Return the text of a starter's module, which is not imported for it: that would load Keras."""
    return Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


def _names(record: Any) -> list[str]:
    return [field.name for field in fields(record)]


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _function(text: str) -> tuple[str, set[str]]:
    """Return the function of a starter with constants in place of its records, and which constants these are."""
    function = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    found = sorted(
        (node for node in ast.walk(function) if isinstance(node, ast.Attribute) and _is_record(node.value)),
        key=lambda node: (node.lineno, node.col_offset),
        reverse=True,
    )
    lines = text.encode().splitlines()  # columns of a syntax tree count bytes
    for node in found:
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = (
            line[: node.col_offset] + node.attr.upper().encode() + line[node.end_col_offset :]
        )
    rest = b"\n".join(lines[function.body[0].lineno - 1 : function.end_lineno]).decode()
    return f"def model_fn(hp):\n{rest}", {node.attr.upper() for node in found}


def _is_record(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in RECORDS


def _data(inputs: Inputs, outputs: Outputs) -> str:
    """Return lines that make random rows of the shapes that a model takes and gives."""
    lines = (
        "# Random rows: put your own here.",
        "random = np.random.default_rng(0)",
        f"x = {_rows(inputs)}",
        f"y = {_labels(outputs)}",
        "data = (x, y)",
    )
    return "\n".join(lines)


def _rows(inputs: Inputs) -> str:
    if inputs.vocabulary:
        return _whole(inputs.vocabulary, *inputs.shape)
    if inputs.shape:
        return _real(*inputs.shape)
    numbers = _real(inputs.numbers)
    categories = _whole(inputs.values, inputs.categories)
    if inputs.numbers and inputs.categories:
        return f'{{\n    "numbers": {numbers},\n    "categories": {categories},\n}}'
    return numbers if inputs.numbers else categories


def _real(*shape: int) -> str:
    return f'random.normal(size={(ROWS, *shape)}).astype("float32")'


def _whole(most: int, *shape: int) -> str:
    return f"random.integers(0, {most}, {(ROWS, *shape)})"


def _labels(outputs: Outputs) -> str:
    if outputs.loss == "sparse_categorical_crossentropy":
        return f"random.integers(0, UNITS, {ROWS})"
    if outputs.loss == "binary_crossentropy":
        return f"random.integers(0, 2, {ROWS if outputs.units == 1 else (ROWS, outputs.units)})"
    if outputs.loss == "poisson":
        return f"random.poisson(3, {ROWS})"
    return f'random.normal(size={ROWS}).astype("float32")'
