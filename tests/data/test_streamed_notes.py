"""What is said of rows that stay in their files is what is said of the same rows in memory."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoopt.data import Dataset, Stream
from tests.data.test_deferred import LITTLE, gathered, pictures, sounds, texts

SAID_OF_SIZE = ("batch by batch", "Words are learnt from")


def images_in_two_parts(folder: Path) -> Path:
    pictures(folder / "train")
    shutil.copytree(folder / "train", folder / "val")
    return folder


def sounds_that_come_twice(folder: Path) -> Path:
    shutil.copy(sounds(folder) / "low" / "3.wav", folder / "low" / "again.wav")
    return folder


def long_texts_in_capitals(folder: Path) -> Path:
    for place, path in enumerate(sorted(texts(folder).glob("*/*.txt"))):
        path.write_text(f"{path.read_text()} Åre åre {place}")
    return folder


def series(folder: Path) -> Path:
    chance = np.random.default_rng(0)
    values = np.round(chance.normal(loc=5, size=(2_000, 60)), 6)
    values[3, 5], values[:, 0], values[7] = np.nan, 0, values[6]
    frame = pd.DataFrame(values, columns=[f"t{step}" for step in range(60)])
    frame.assign(label=np.where(values[:, 1] > 5, "up", "down")).to_csv(folder / "series.csv", index=False)
    return folder / "series.csv"


def dna(folder: Path) -> Path:
    chance = np.random.default_rng(0)
    letters = ["".join(chance.choice(list("ACGT"), 1_200)) for _ in range(500)]
    letters[9] = letters[7]
    pd.DataFrame({"letters": letters, "label": ["a", "b"] * 250}).to_csv(folder / "dna.csv", index=False)
    return folder / "dna.csv"


ROWS: dict[str, tuple[Callable[[Path], Path], object, str]] = {
    "images": (images_in_two_parts, None, "Of the validation part: 96 of 96 rows are the same as one that trains"),
    "sounds": (sounds_that_come_twice, None, "1 of 25 rows is the same as an earlier one"),
    "texts": (long_texts_in_capitals, None, "Words of 'text' are the same in capital letters"),
    "long texts": (long_texts_in_capitals, None, "24 of 24 texts are longer than"),
    "series": (series, "series", "1 of 2,000 rows is the same as an earlier one"),
    "letters": (dna, None, "500 of 500 sequences are longer than 1,024 letters"),
}  # fmt: skip


@pytest.mark.parametrize("case", ROWS)
def test_the_same_is_said_of_rows_that_stay_in_their_files(case: str, tmp_path: Path) -> None:
    make, types, said = ROWS[case]
    path = make(tmp_path)
    one, other = (Dataset.of(path, types=types, test_split=0, memory=limit) for limit in (None, LITTLE))
    assert isinstance(other.train, Stream) or "texts" in case
    assert [note for note in other.notes if not any(each in note for each in SAID_OF_SIZE)] == list(one.notes)
    assert any(note.startswith(said) for note in one.notes)
    np.testing.assert_allclose(gathered(other.validation).x, one.validation.x, atol=1e-5)
