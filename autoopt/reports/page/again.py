"""Sections for whoever goes on: how to carry the search out again, and how to load what it found."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autoopt import command
from autoopt.reports.console import duration
from autoopt.reports.page.findings import Findings, Section
from autoopt.reports.page.markup import Markup, Row, element, folded, listing, table

OF_ONE_RUN = ("project_name", "resume")
"""Flags that another run does not take over: the name is taken."""

LIMITS = ("budget", "max_trials", "epochs")
"""Arguments of `tune` that a run writes down."""


def reproduce(found: Findings) -> Section:
    """Return how the run was begun, with its seed and versions."""
    asked = found.asked
    how = shlex.join(command.spelled(_anew(asked)))
    what = (
        "In the folder in which it was begun:"
        if how
        else "The run was begun in Python, with these arguments among others:"
    )
    rows: list[Row] = [(name, str(value)) for name, value in _facts(found)]
    versions: list[Row] = [(name, str(version)) for name, version in asked.get("versions", {}).items()]
    content: list[Markup] = [
        element("p", what),
        _code(how or _call(asked)),
        table("What it depends on", ("what", "value"), rows),
        table("Versions", ("package", "version"), [("python", str(asked.get("python", ""))), *versions]),
    ]
    if asked.get("notes"):
        content.append(folded("What was decided for you", listing(map(str, asked["notes"]))))
    equal = (
        "Equal seeds give equal tables on a CPU with a limit on trials: a budget ends at a clock."
        if asked.get("seed") is not None
        else ""
    )
    return Section("reproduce", "How to reproduce it", [*content, element("p", equal, class_="note")])


def load(found: Findings) -> Section:
    """Return how the winner is loaded."""
    run = str(found.summary["run"])
    code = (
        f"import autoopt\n\nresult = autoopt.load({run!r})\nmodel = result.best_model  # a Keras model, compiled\n"
        + ("result.predict('FILE')  # a DataFrame" if found.takes_rows else "model.predict(x)")
    )
    # Of raw rows the file of the run takes what they are prepared to; what is exported takes them.
    file = "best.keras" if found.takes_rows else f"{run}/best.keras"
    plain = f"import keras\n\nmodel = keras.models.load_model({file!r})"
    predict = f"autoopt predict {shlex.quote(run)} FILE\n" if found.takes_rows else ""
    shell = f"autoopt export {shlex.quote(run)} best.keras\n{predict}autoopt resume {shlex.quote(run)}"
    return Section(
        "load", "How to load it",
        [
            element("p", "With the run folder:"), _code(code),
            element("p", f"With Keras alone{', once it is exported' if found.takes_rows else ''}:"), _code(plain),
            element("p", "In a shell, to copy the model, and to search on:"), _code(shell),
        ],
    )  # fmt: skip


def _anew(asked: Mapping[str, Any]) -> Any:
    """Return how the run was begun, as another run of the same seed would be."""
    record = asked.get("command")
    if not isinstance(record, Mapping) or asked.get("seed") is None:
        return record
    options = record.get("options")
    if not isinstance(options, Mapping):
        return record
    kept = {name: value for name, value in options.items() if name not in OF_ONE_RUN}
    return {**record, "options": {**kept, "seed": asked["seed"]}}


def _code(text: str) -> Markup:
    return element("pre", element("code", text))


def _call(asked: Mapping[str, Any]) -> str:
    """Return the call in Python, as far as it is written down."""
    goals = [each["name"] for each in (asked["objective"], *asked.get("others", ()))]
    given = {
        "objective": goals[0] if len(goals) == 1 else goals,
        **{name: asked.get(name) for name in (*LIMITS, "seed")},
    }
    told = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
    return f"autoopt.tune(model_fn, data, {told})"


def _facts(found: Findings) -> Iterator[tuple[str, Any]]:
    asked = found.asked
    yield "seed", asked.get("seed")
    yield "backend", asked.get("backend", "")
    rows: Sequence[Any] = asked.get("rows") or ()
    if len(rows) == 2:
        yield (
            "examples that train, that validate",
            ", ".join("not known" if n is None else str(n) for n in rows),
        )
    yield "most epochs of a trial", asked.get("epochs", "")
    yield "most trials", asked.get("max_trials") or "no limit"
    yield "budget", "no limit" if asked.get("budget") is None else duration(asked["budget"])
    for name, value in (asked.get("fix") or {}).items():
        yield f"fixed: {name}", value
