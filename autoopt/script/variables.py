"""Variables: what the tensors, layers and functions of a script are called."""

import builtins
import keyword
import re
from dataclasses import dataclass, field
from typing import Optional

TAKEN = (
    "keras", "layers", "np", "math", "sys", "data", "x", "y", "inputs", "outputs", "model", "train", "build_model",
    "total_steps", "label_smoothing", "warmup", "left", "WarmUp", "Batches", "SmoothedCrossentropy", "SEED", "CLASS_WEIGHT",
)  # fmt: skip
"""What a script calls by these names itself."""


@dataclass
class Variables:
    """Names, each given once: of a file, or of one function in it.

    Attributes:
        file: The file's, where these are a function's: a function sees both, so none is given twice.
        given: Those that are taken.
        inside: Names that functions of this file have given.
    """

    file: Optional["Variables"] = None
    given: set[str] = field(
        default_factory=lambda: {*TAKEN, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    )
    inside: set[str] = field(default_factory=set)

    def fresh(self, wanted: str) -> str:
        """Return a name like the one that is wanted, as Python takes it."""
        plain = re.sub(r"\W+", "_", wanted.split("_copy")[0], flags=re.ASCII).strip("_") or "value"
        return self.free(f"layer_{plain}" if plain[0].isdigit() else plain)

    def free(self, name: str) -> str:
        """Return a name of Python's, with a number behind it where it is taken."""
        found, number = name, 1
        while self._is_taken(found):
            number += 1
            found = f"{name}_{number}"
        self.given.add(found)
        if self.file is not None:
            self.file.inside.add(found)
        return found

    def _is_taken(self, name: str) -> bool:
        above = self.file is not None and name in self.file.given
        return above or name in self.given or name in self.inside
