"""Variables: what the tensors, layers and functions of a script are called."""

import keyword
import re
from dataclasses import dataclass, field

TAKEN = (
    "keras", "layers", "np", "math", "sys", "x", "y", "inputs", "outputs", "model", "train", "build_model", "total_steps",
    "label_smoothing", "warmup",
)  # fmt: skip
"""What a script calls by these names itself."""


@dataclass
class Variables:
    """Names, each given once.

    Attributes:
        given: Those that are taken.
    """

    given: set[str] = field(default_factory=lambda: {*TAKEN, *keyword.kwlist, *keyword.softkwlist})

    def fresh(self, wanted: str) -> str:
        """Return a name like the one that is wanted, as Python takes it."""
        plain = re.sub(r"\W+", "_", wanted.split("_copy")[0], flags=re.ASCII).strip("_") or "value"
        plain = f"layer_{plain}" if plain[0].isdigit() else plain
        name, number = plain, 1
        while name in self.given:
            number += 1
            name = f"{plain}_{number}"
        self.given.add(name)
        return name
