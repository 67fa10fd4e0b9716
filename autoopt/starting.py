"""What the commands do that begin: new writes a starter as a model file, inspect shows what data hold or what may be edited."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autoopt import flags
from autoopt.errors import UsageError
from autoopt.printing import print_json, print_lines, print_pieces
from autoopt.subject import is_model, subject_of


def new(starter: str | None, data: Path | None, options: Mapping[str, Any], path: Path | None) -> int:
    """Print a starter as a model file, or write it; without a name list the starters.

    Args:
        starter: Its name, or auto.
        data: What its shapes are taken from; None for an example's.
        options: What is said of the data.
        path: Of a file that is not there yet; None prints.

    Raises:
        UsageError: There is no such starter, data that would tell which are missing, or the file is there already.
    """
    from autoopt import starters

    if starter is None:
        print_lines(_listed())
        return 0
    if starter == starters.AUTO and data is None:
        raise UsageError(
            "auto was given without data. Expected a file or a folder, whose kind says which starter is meant. Write: "
            "autoopt new auto train.csv --target NAME"
        )
    if path is not None:
        _check_new(path)
    dataset = None if data is None else _dataset(starter, data, options)
    text = starters.source(starter) if dataset is None else starters.source_for(starter, dataset)
    if path is None:
        print_lines([text.rstrip("\n")])
        return 0
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    print_lines([str(path)])
    return 0


def inspect(word: str, data: Path | None, options: Mapping[str, Any], as_json: bool) -> int:
    """Print what data hold, or what of a model's structure can be searched.

    Args:
        word: A model file, a starter, or data.
        data: Behind a model: what it is built for.
        options: What is said of the data.
        as_json: Whether to print JSON, which data alone have.
    """
    if data is None and subject_of(word) == "data":
        return _data(Path(word), options, as_json)
    if as_json:
        raise UsageError(
            f"--json was given with the model {word!r}. Expected it with data alone. Leave it out."
        )
    return _model(word, data, options)


def _model(word: str, data: Path | None, options: Mapping[str, Any]) -> int:
    import autoopt
    from autoopt.data.files import watched
    from autoopt.reports import loading

    model_fn: Any = word
    given: Any = data
    if is_model(word):
        from autoopt import model_file

        defined = model_file.read(word)
        model_fn = defined.model_fn
        given = defined.data() if data is None and hasattr(defined.module, "data") else data
    with watched(loading):
        autoopt.inspect(model_fn, given, **flags.read(options).plain)
    return 0


def _data(path: Path, options: Mapping[str, Any], as_json: bool) -> int:
    """Print what was read of data."""
    from autoopt import contents

    parts = _read(path, options)
    if as_json:
        print_json(contents.told(path, parts))
    else:
        print_pieces(contents.shown(path, parts))
    return 0


def _read(path: Path, options: Mapping[str, Any]) -> Any:
    from autoopt.data.files import read_parts, watched
    from autoopt.reports import loading

    with watched(loading):
        return read_parts(path, **flags.read(options).plain)


def _listed() -> Sequence[str]:
    """Return a line a starter, and how one is written out."""
    from autoopt.starters import STARTERS, told

    width = max(map(len, STARTERS))
    return [
        f"{'starter':{width}}  what it is",
        *(f"{name:{width}}  {told(name)}" for name in STARTERS),
        "",
        "Write one out to start from: autoopt new mlp > model.py",
    ]


def _dataset(starter: str, data: Path, options: Mapping[str, Any]) -> Any:
    from autoopt import starters
    from autoopt.data import Dataset
    from autoopt.data.files import watched
    from autoopt.reports import loading

    with watched(loading):
        said = flags.read(options).plain
        types = starters.types_for(starter, data, said.get("types"))
        return Dataset.of(data, **{**said, "types": types})


def _check_new(path: Path) -> None:
    if path.exists():
        raise UsageError(
            f"{path} is there already. Expected a name that is free: nothing is overwritten. Name another."
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"There is no folder {path.parent}. Expected one to write {path.name} to. Make it first."
        )
