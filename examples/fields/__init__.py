"""Real data of each field as the files that people have, and the starter that learns from them.

python -m examples.fields text_bbc writes the files, prints the commands and what they reached; python -m benchmarks fields
measures all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.fields import bioinformatics, series, speech, tables, text, vision


@dataclass(frozen=True)
class Example:
    """A data set.

    Attributes:
        write: Writes it into a folder, and returns what trains and what tests.
        starter: Its name.
        said: What `autoopt.tune` is told of it.
        tested: Whether the search looks at what tests at its end: that takes 25 rows.
    """

    write: Callable[[Path], tuple[Path, Path]]
    starter: str
    said: Mapping[str, Any] = field(default_factory=dict)
    tested: bool = True

    def commands(self, name: str, train: Path, tests: Path) -> list[str]:
        """Return what is typed to learn from its files as `python -m benchmarks fields` does, and to score the winner."""
        said = "".join(f" --{option} {value}" for option, value in self.said.items())
        tested = f" --test-data {tests}" if self.tested else ""
        return [
            f"autoopt inspect {train}{said}",
            f"autoopt tune {self.starter} {train}{said}{tested} --budget 120s --seed 0 --project-name {name}",
            f"autoopt evaluate {name} {tests}",
        ]


SERIES = {"target": "label", "types": "series"}

FIELDS: Mapping[str, Example] = {
    "text_bbc": Example(text.bbc, "text", {"target": "topic"}),
    "img_mnist5k": Example(vision.mnist5k, "cnn"),
    "audio_espeak_digits": Example(speech.digits, "audio"),
    "audio_vowel": Example(speech.vowel, "mlp", {"target": "vowel"}),
    "gen_splice": Example(bioinformatics.splice, "sequence"),
    "gen_khan": Example(bioinformatics.khan, "mlp", {"target": "tumour"}, tested=False),
    "tab_churn": Example(tables.churn, "mlp", {"target": "churn"}),
    "reg_concrete": Example(tables.concrete, "mlp", {"target": "compressive_strength"}),
    "ts_osuleaf": Example(series.osuleaf, "sequence", SERIES),
    "ts_mnist1d": Example(series.mnist1d, "sequence", SERIES),
}
