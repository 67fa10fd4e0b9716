"""What preprocessing layers have learnt from data: written into the script where it is short."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from autoopt.errors import UsageError
from autoopt.script.expression import Expression, call, laid_out, literal
from autoopt.script.objects import INSTEAD, MOST_NUMBERS

LOOKUPS = (keras.layers.StringLookup, keras.layers.IntegerLookup, keras.layers.TextVectorization)


def vocabulary(layer: keras.layers.Layer) -> Mapping[str, Expression]:
    """Return the arguments that give a layer the words which it has learnt, none where it is no such layer.

    Raises:
        UsageError: They are too many, or have learnt weights beside them.
    """
    if not isinstance(layer, LOOKUPS):
        return {}
    words = [each.item() if isinstance(each, np.generic) else each for each in _words(layer)]
    _check(len(words), layer)
    if layer.get_config().get("output_mode") == "tf_idf":
        raise UsageError(
            f"The winner's {layer.name} weighs its words by how often it has seen them. Expected a vocabulary alone. "
            f"{INSTEAD}"
        )
    return {"vocabulary": literal(words)} if words else {}


def statistics(layer: keras.layers.Layer, name: str) -> list[str]:
    """Return the statements that give a Normalization what it has learnt; none where that is in its arguments.

    Args:
        layer: Any layer of the winner.
        name: The script's name for it.

    Raises:
        UsageError: There are too many numbers.
    """
    if not is_learnt(layer):
        return []
    learnt = {part: np.asarray(getattr(layer, part)) for part in ("adapt_mean", "adapt_variance")}
    _check(sum(array.size for array in learnt.values()), layer)
    shape = (None, *layer.get_build_config()["input_shape"][1:])
    return [
        *laid_out(call(f"{name}.build", literal(shape)), 4),
        *(
            line
            for part, array in learnt.items()
            for line in laid_out(call(f"{name}.{part}.assign", literal(array.tolist())), 4)
        ),
        f"    {name}.finalize_state()",
    ]


def is_learnt(layer: Any) -> bool:
    """Whether a layer is a Normalization that was adapted to data."""
    return isinstance(layer, keras.layers.Normalization) and layer.input_mean is None and layer.built


def _words(layer: Any) -> Any:
    return layer.get_vocabulary(include_special_tokens=False)


def _check(count: int, layer: keras.layers.Layer) -> None:
    if count > MOST_NUMBERS:
        raise UsageError(
            f"The winner's {layer.name} has learnt {count:,} values from data. Expected at most {MOST_NUMBERS} in a script. "
            f"{INSTEAD}"
        )
