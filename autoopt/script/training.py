"""The second half of a script: `train`, as the search confirmed its winner."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autoopt.course import Course
from autoopt.script.batches import batches, changes
from autoopt.script.compilation import Compilation
from autoopt.script.expression import WIDTH, Call, Expression, call, flat, laid_out, listed, literal
from autoopt.untrusted import printable

USUAL_SIZE = 32
"""Keras's own, of a batch."""


@dataclass(frozen=True)
class Training:
    """How a script trains.

    Attributes:
        lines: The function `train`.
        definitions: Classes that it needs.
        constants: Name to value of what stands at the top of the script.
    """

    lines: Sequence[str]
    definitions: Sequence[str] = ()
    constants: Mapping[str, Expression] = field(default_factory=dict)


def training_of(course: Course, compilation: Compilation, structured: bool) -> Training:
    """Return how a winner is trained.

    Args:
        course: How the search did.
        compilation: What `build_model` takes for it.
        structured: Whether the model takes or puts out dicts or lists.
    """
    settings = course.recipe.settings
    changed = changes(settings) and not structured
    weights = None if course.class_weight is None else literal(dict(course.class_weight))
    share = flat(literal(course.validation_share))
    lines = [
        "def train(x, y):",
        '    """Train as the search did, and return the model."""',
        *_comments(_asides(course, compilation, changes(settings) and structured)),
        *_order(course, structured),
    ]
    rate, built = compilation.rate, dict[str, Expression]()
    counts = rate.needs_steps or rate.callbacks_need_steps
    if changed or settings.full_batch or counts:
        count = "len(keras.tree.flatten(x)[0])" if structured else "len(x)"
        lines.append(f"    trained = int({count} * (1 - {share}))  # examples, the others validate")
    size = "trained" if settings.full_batch else flat(literal(course.batch_size or USUAL_SIZE))
    if counts:
        steps = "" if settings.full_batch else f" * math.ceil(trained / {size})"
        lines.append(f"    total_steps = {course.horizon}{steps}")
    if rate.needs_steps:
        built["total_steps"] = "total_steps"
    if compilation.smoothing:
        built["label_smoothing"] = flat(literal(compilation.smoothing))
    lines += laid_out(call("build_model", **built), 4, "model = ")
    lines += laid_out(_fit(course, compilation, changed, size), 4)
    definitions = [batches(settings, weights is not None)] if changed else []
    return Training(
        [*lines, "    return model"], definitions, {} if weights is None else {"CLASS_WEIGHT": weights}
    )


def _fit(course: Course, compilation: Compilation, changed: bool, size: str) -> Call:
    given: dict[str, Expression] = {"epochs": str(course.epochs)}
    if changed:
        made = call("Batches", "x[:trained]", "y[:trained]", size)
        given["validation_data"] = listed(["x[trained:]", "y[trained:]"], "()")
        data: Sequence[Expression] = [made]
    else:
        given = {"batch_size": size, **given, "validation_split": literal(course.validation_share)}
        data = ["x", "y"]
    if course.class_weight is not None and not (changed and course.recipe.settings.mixup):
        given["class_weight"] = "CLASS_WEIGHT"
    callbacks = [*compilation.rate.callbacks]
    if compilation.averaged:
        callbacks.insert(0, call("keras.callbacks.SwapEMAWeights", swap_on_epoch="True"))
    if callbacks:
        given["callbacks"] = listed(callbacks)
    return call("model.fit", *data, **given)


def _order(course: Course, structured: bool) -> list[str]:
    """Return the statements that bring the rows into an order whose last ones may validate."""
    if course.time_order:
        return []
    if structured:
        return [
            "    order = np.random.default_rng(SEED).permutation(len(keras.tree.flatten(x)[0]))",
            "    x, y = keras.tree.map_structure(lambda rows: rows[order], (x, y))",
        ]
    return ["    order = np.random.default_rng(SEED).permutation(len(x))", "    x, y = x[order], y[order]"]


def _asides(course: Course, compilation: Compilation, unchanged: bool) -> Sequence[str]:
    """Return what the script does not repeat as it was, one sentence each."""
    recipe, found = course.recipe, list(course.asides)
    if compilation.smoothing:
        found.append("val_loss is of smoothed labels here; the search smoothed them in training alone.")
    if unchanged:
        found.append("The search also changed its images by chance, which this does not.")
    if course.pretrained:
        names = ", ".join(course.pretrained)
        found.append(
            f"Here {names} starts afresh; in the search it started from loaded weights: load them first."
        )
    if course.pretrained and recipe.settings.backbone_rate not in (None, 1.0):
        found.append(
            f"It learnt at {flat(literal(recipe.settings.backbone_rate))} times the rate of the rest."
        )
    if course.pretrained and recipe.structure.fine_tune == "frozen_then_all":
        found.append("It was frozen at first.")
    return found


def _comments(sentences: Sequence[str]) -> list[str]:
    told = (printable(each, kept="") for each in sentences)  # anybody may have written them
    lines = (line for each in told for line in textwrap.wrap(each, WIDTH - 6))
    return [f"    # {line}" for line in lines]
