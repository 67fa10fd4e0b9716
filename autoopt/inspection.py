"""`autoopt.inspect`: what of a model may be edited, printed as a tree; or what data hold, as tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from autoopt import contents, starters
from autoopt.data import Dataset, rows
from autoopt.data.files import TABLES, read_parts
from autoopt.errors import UsageError
from autoopt.hypermodel import AutoHyperModel
from autoopt.reports import draw, plain_lines
from autoopt.surgery import Stage, Survey, Template, survey

WIDTH = 160
"""Characters of a line: names of layers are long, and a cut one is of no use."""

MOST_NAMES = 6
"""Of layers that are left as they are for one reason."""


def inspect(
    model_fn: Any,
    data: Any = None,
    *,
    target: Any = None,
    task: Any = None,
    types: Any = None,
    drop: Any = (),
) -> None:
    """Print which layers may be repeated, taken out, widened and narrowed, which not, and why; of data what they hold.

    Args:
        model_fn: As for `tune`. Or raw rows alone, a DataFrame or a path: the task, the target, each column with its kind,
            classes, and what catches the eye.
        data: As for `tune`, or an `autoopt.Dataset`; only a model without inputs of its own needs it. A starter has the
            shapes of an example without.
        target: As for `tune`, and so are those that follow.
        task: Likewise.
        types: Likewise.
        drop: Likewise.

    Raises:
        ModelError: `model_fn` raises or returns no model.
        UsageError: There is no starter of that name, or the data cannot be learnt from.

    Example:
        >>> import autoopt, keras
        >>> layers = [keras.Input((8,)), keras.layers.Dense(4, "relu", name="hidden"), keras.layers.Dense(1, name="out")]
        >>> autoopt.inspect(keras.Sequential(layers, name="small"))
        small: 3 layers
        ├── dense: 1 segment, may have 1 to 3; its widths may change
        │   └── hidden (Dense 4)
        └── left as it is
            └── it is an output of the model: out
        Widths that may change: 1 of 2 groups of Dense and convolutional layers. Depth: 1 of 1 stages.
    """
    told = {"target": target, "task": task, "types": types, "drop": drop}
    if _is_data(model_fn):
        _show(model_fn, data, told)
        return
    starters.check(model_fn)
    if isinstance(model_fn, str) or rows.recognizes(data):
        told["types"] = starters.types_for(model_fn, data, types)
        data = None if data is None else Dataset.of(data, **told)
        model_fn = starters.for_data(model_fn, data)
    else:
        rows.check_unsaid(told, "no raw rows")
    template = AutoHyperModel(model_fn, data=data).reading().origin.template
    console = Console(width=WIDTH, highlight=False, markup=False)
    if template.config is None:
        console.print(f"The structure stays as it is: {template.reason}\nEverything else can be searched.")
        return
    found = survey(template)
    console.print(_tree(template, found))
    deep = sum(stage.min_depth < stage.max_depth for stage in template.stages)
    console.print(
        f"Widths that may change: {found.open_widths} of {found.widths} groups of Dense and convolutional layers. "
        f"Depth: {deep} of {sum(bool(segments) for _, segments in found.stages)} stages."
    )


def _is_data(given: Any) -> bool:
    """Whether raw rows stand in the place of the model."""
    if not isinstance(given, str):
        return rows.recognizes(given)
    path = Path(given)
    if given in (starters.AUTO, *starters.STARTERS) or path.suffix == ".py":
        return False
    return path.suffix.lower() in TABLES or path.exists()


def _show(given: Any, data: Any, said: Mapping[str, Any]) -> None:
    """Print what raw rows hold."""
    if data is not None:
        raise UsageError(
            "inspect was given data in both places. Expected a model or a starter and data for it, or data alone. Leave one out."
        )
    pieces = contents.shown(given, read_parts(given, **said))
    console = Console(highlight=False)
    if console.is_terminal or console.is_jupyter:
        draw(pieces, console)
        return
    for line in plain_lines(pieces):
        console.print(Text(line), soft_wrap=True)


def _tree(template: Template, found: Survey) -> Tree:
    tree = Tree(f"{(template.config or {})['name']}: {found.layers} layers")
    for stage, segments in found.stages:
        branch = tree.add(_stage(stage) if segments else _widths(stage))
        for segment in segments:
            branch.add(segment)
    if template.reason:
        tree.add(template.reason)
    if found.closed:
        closed = tree.add("left as it is")
        for reason, layers in found.closed.items():
            closed.add(f"{reason}: {_some(layers)}")
    return tree


def _widths(stage: Stage) -> str:
    return f"{stage.name}: layers that come once each; their widths may change: {_some(stage.layers)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _stage(stage: Stage) -> str:
    if stage.min_depth < stage.max_depth:
        depth = f", may have {stage.min_depth} to {stage.max_depth}"
    else:
        depth = ", depth stays"
    widths = (
        "its widths may change" if stage.open_width else "its widths stay, or change with another stage's"
    )
    return f"{stage.name}: {stage.depth} segment{'s' * (stage.depth != 1)}{depth}; {widths}"
