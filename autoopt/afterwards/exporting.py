"""Exports: the winner as a file of its user's, in each format by Keras's own writer; as a script by `autoopt.script`."""

import importlib.util
import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from autoopt.course import Course
from autoopt.errors import RunError, UsageError, nearest
from autoopt.records import Trial
from autoopt.script import Winner, script_of
from autoopt.seeding import preserved
from autoopt.spelling import named
from autoopt.storage import RunFolder, replacing
from autoopt.untrusted import finite, printable

ENDINGS = {
    "keras": ".keras", "weights": ".weights.h5", "json": ".json", "python": ".py", "onnx": ".onnx", "saved_model": "",
}  # fmt: skip
"""Formats of an export, and how the names of their files end; a SavedModel is a folder."""

CONVERTERS = {"tensorflow": ("tf2onnx", "onnx"), "jax": ("jax2onnx",), "torch": ("onnx", "onnxscript")}
"""Packages with which Keras writes ONNX, by backend."""


PREPARED = (
    "",
    "It takes arrays: what prepares raw rows is not in it. preparation.keras in the run folder does, and the whole model, raw",
    "rows to predictions, is what the format keras writes.",
)
"""What the script of a run on raw rows says of them."""


@dataclass(frozen=True)
class Export:
    """What is exported, each part read when it is needed.

    Attributes:
        folder: Of the run.
        best: The winner.
        file: Returns where it is written as `.keras`; None where it is in memory alone.
        model: Returns it as a model.
        summary: Returns the outcome as plain data.
        custom_objects: Classes and functions of the user's own, name to object.
        core: Returns it as it was searched, which takes arrays; None where that is `model`.
    """

    folder: RunFolder
    best: Callable[[], Trial]
    file: Callable[[], Path] | None
    model: Callable[[], keras.Model]
    summary: Callable[[], Mapping[str, Any]]
    custom_objects: Mapping[str, Any] | None = None
    core: Callable[[], keras.Model] | None = None

    def write(self, path: str | Path, format: str) -> Path:
        """Write the winner and return where; arguments and errors as of `Result.export`."""
        try:
            return self._written(check_target(path, format), format)
        except (OSError, shutil.Error) as error:
            raise UsageError(_unwritable(path, str(error))) from error

    def _written(self, target: Path, format: str) -> Path:
        if format == "keras":
            self._copy(target)
        elif format == "weights":
            self._searched().save_weights(target)  # the script's own model takes them
        elif format == "python":
            _write(target, self._script())
        elif format == "json":
            told = {**self.summary(), "recipe": self.folder.read("course").get("recipe")}
            _write(target, json.dumps(finite(told), indent=1) + "\n")
        else:
            _export(self.model(), target, format)
        return target

    def _searched(self) -> keras.Model:
        return self.model() if self.core is None else self.core()

    def _copy(self, target: Path) -> None:
        own = self.folder.best_model
        if target.exists() and own.exists() and target.samefile(own):
            raise shutil.SameFileError(f"it is the model of {self.folder.path}")
        with replacing(target) as fresh:
            if self.file is None:
                self.model().save(fresh)
            else:
                shutil.copyfile(self.file(), fresh)

    def _script(self) -> str:
        told = self.folder.read("course")
        if not told:
            raise RunError(
                f"The run {self.folder.path} does not say how its winner was trained: it has no course.json, as runs of "
                "earlier versions. Expected one that has. Go on with it, which writes that down: autoopt resume "
                f"{self.folder.name}."
            )
        asked = self.folder.read("run")
        try:
            course = Course.of(told)
        except ValueError as error:  # what is no number among the classes that weigh
            raise RunError(
                f"The course.json of {self.folder.path} is damaged: {error}. Restore it."
            ) from error
        with preserved():  # layers are made to see what their defaults are, and each draws a seed
            return script_of(
                Winner(
                    self._searched(),
                    course,
                    self._header(asked),
                    int(asked["seed"]),
                    self.custom_objects or {},
                )
            )

    def _header(self, asked: Mapping[str, Any]) -> Sequence[str]:
        """Return what a script begins with: where it comes from, what it reached, and how its weights are loaded."""
        name, best, objective = (
            _harmless(self.folder.name),
            self.best(),
            _harmless(asked["objective"]["name"]),
        )
        known = asked.get("versions", {})
        told = [
            f"{package} {_harmless(known[package])}" for package in ("autoopt", "keras") if package in known
        ]
        where = ", ".join([*told, _harmless(asked.get("backend", ""))])
        score = "no score" if best.score is None else f"{objective} {best.score:.4g}"
        return (
            "The winner of a search, which `python FILE DATA.npz` trains, with x and y in DATA.npz.",
            "",
            f"Run {name}, trial {best.number}, seed {asked['seed']}: {score}; {where}.",
            f"The weights that scored it: autoopt export {shlex.quote(name)} best.weights.h5 --format weights, and then",
            'model = build_model(); model.load_weights("best.weights.h5").',
            *(PREPARED if self.folder.read("schema") else ()),
        )


def _write(target: Path, text: str) -> None:
    """Write a file that is whole or not there."""
    with replacing(target) as fresh:
        fresh.write_text(text, encoding="utf8")


def check_target(path: str | Path, format: str) -> Path:
    """Return where an export goes.

    Raises:
        UsageError: The format is not known, the path's ending does not fit it, a folder or a file stands in its way, its
            folder is missing, or nobody may write there.
    """
    if not isinstance(format, str) or format not in ENDINGS:
        raise UsageError(f"{named('format')} was given {format!r}.{nearest(str(format), ENDINGS)}")
    if not isinstance(path, str | Path):
        raise UsageError(
            f'{named("path")} was given {path!r}. Expected the path of a file: pass "best{ENDINGS[format]}".'
        )
    target, ending = Path(path), ENDINGS[format]
    others = [each for each in ENDINGS.values() if each and target.name.endswith(each)]
    if not target.name.endswith(ending) or (not ending and others):
        wanted = f"ends in {ending}" if ending else "is a folder's, without an ending"
        raise UsageError(
            f"{named('path')} was given {str(path)!r}. Expected a name that {wanted} for {format!r}."
        )
    if not target.parent.is_dir():
        raise UsageError(
            f"{named('path')} was given {str(path)!r}. There is no folder {str(target.parent)!r}: make it."
        )
    _check_free(target, folder=not ending)
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise UsageError(_unwritable(path, "permission denied"))
    return target


def _harmless(text: str) -> str:
    """Return text from a run folder as it may stand in a docstring: anybody may have written it, and it must not end it."""
    return printable(text, kept="").replace("\\", "/").replace('"', "'")


def _unwritable(path: str | Path, why: str) -> str:
    return (
        f"{named('path')} was given {str(path)!r}, which cannot be written: {why}. Expected a place of yours, not the run's own. Name "
        "another, or change its permissions."
    )


def _check_free(target: Path, folder: bool) -> None:
    """Check that nothing of somebody else's has the place of an export."""
    if not folder and target.is_dir():
        raise UsageError(
            f"{named('path')} was given {str(target)!r}, which is a folder. Expected a file's name: add one, {str(target / 'best')!r} "
            f"for example with {''.join(target.suffixes)} behind it."
        )
    foreign = target.is_dir() and any(target.iterdir()) and not (target / "saved_model.pb").is_file()
    if folder and (target.is_file() or foreign):
        what = "a file" if target.is_file() else "a folder with other files in it"
        raise UsageError(
            f"{named('path')} was given {str(target)!r}, which is {what}. Expected a folder that is new or empty: name another."
        )


def _export(model: keras.Model, target: Path, format: str) -> None:
    """Write what runs without Keras.

    Raises:
        UsageError: A package is missing.
        RunError: Keras cannot write it on this backend.
    """
    backend = keras.backend.backend()
    missing = [name for name in CONVERTERS.get(backend, ()) if importlib.util.find_spec(name) is None]
    if format == "onnx" and missing:
        raise UsageError(
            f"{named('format')} was given 'onnx', which Keras writes on {backend} with {' and '.join(missing)}, and that is not "
            f"installed. Expected it. Install it: pip install {' '.join(missing)}"
        )
    try:
        _call_once(model)
        model.export(target, format="onnx" if format == "onnx" else "tf_saved_model", verbose=False)
    except Exception as error:  # Converters of other packages run here and may raise anything.
        first = (str(error).strip().splitlines() or [""])[0]
        raise RunError(
            f"Keras cannot write the winner as {format} on {backend} ({type(error).__name__}: {first}) Expected a model and "
            "a backend that it can. Export it as keras, or on another backend: KERAS_BACKEND=tensorflow autoopt export …"
        ) from error


def _call_once(model: keras.Model) -> None:
    """Call a model that was read on one example of zeros: Keras exports what has been called."""
    given = model.inputs[0] if isinstance(model, keras.Sequential) else getattr(model, "_inputs_struct", None)
    if given is not None:
        model(keras.tree.map_structure(_example, given))


def _example(tensor: Any) -> Any:
    if tensor.dtype == "string":
        return keras.ops.convert_to_tensor(np.full([side or 1 for side in tensor.shape], ""), "string")
    return keras.ops.zeros([side or 1 for side in tensor.shape], tensor.dtype)
