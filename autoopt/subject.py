"""Subject: what a word of a command names, a model file, a starter or data; told by the word and by what lies there."""

from pathlib import Path
from typing import Literal

from autoopt.errors import UsageError, nearest

Subject = Literal["model", "starter", "data"]


def subject_of(word: str) -> Subject:
    """Return what a word names where it may be anything.

    Raises:
        UsageError: It names nothing that is there, or a starter and data at once.
    """
    from autoopt.data.files import TABLES
    from autoopt.starters import AUTO, STARTERS

    if is_model(word):
        return "model"
    path = Path(word)
    if word in (*STARTERS, AUTO):
        if _is_there(word):
            raise UsageError(
                f"{word!r} is a starter and lies in this folder as well. Expected one of both. Write ./{word} for what lies "
                "there, or rename it."
            )
        return "starter"
    if _is_there(word) or path.suffix.lower() in TABLES:
        return "data"
    there = path.parent if _is_there(str(path.parent)) and path.parent.is_dir() else Path()
    beside = [each.name for each in sorted(there.iterdir())[:1_000] if each.suffix in (".py", *TABLES)]
    raise UsageError(
        f"There is no {word!r}. Expected a Python file (model.py), file.py:function, package.module:function, a starter, or "
        f"a file or folder of data.{nearest(path.name, [*STARTERS, *beside])}"
    )


def is_model(word: str) -> bool:
    """Whether a word is spelled as a model file: `file.py`, `file.py:function` or `package.module:function`."""
    place, _, function = word.partition(":")
    return place.endswith(".py") or bool(function and "/" not in word and not _is_there(word))


def model_and_data(model: str, data: Path | None) -> tuple[str, Path | None]:
    """Return the model and the data that are meant: data that stand alone are learnt from by the starter that fits.

    Args:
        model: A model file, a starter, or, alone, data.
        data: What stands behind it.

    Raises:
        UsageError: Data stand first, or a starter stands alone.
    """
    from autoopt.starters import AUTO, STARTERS

    if is_model(model):
        return model, data
    if data is not None:
        if model in (*STARTERS, AUTO):
            return model, data
        if _is_there(model):
            raise UsageError(
                f"MODEL was given {model!r}, and DATA {str(data)!r}. Expected the model first: a Python file (model.py) or "
                f"a starter. Write: autoopt tune {data if str(data) in STARTERS else AUTO} {model}"
            )
        raise UsageError(
            f"MODEL was given {model!r}. Expected a Python file (model.py), file.py:function, package.module:function, "
            f"or a starter.{nearest(model, [AUTO, *STARTERS])}"
        )
    found = subject_of(model)
    if found == "data":
        return AUTO, Path(model)
    raise UsageError(
        f"The starter {model!r} was given without data. Expected a file or a folder to learn from. Write: "
        f"autoopt tune {model} train.csv --target NAME"
    )


def _is_there(word: str) -> bool:
    """Whether a word is the path of something; an empty one would be this folder."""
    try:
        return bool(word) and Path(word).exists()
    except OSError:  # it is too long for a path
        return False
