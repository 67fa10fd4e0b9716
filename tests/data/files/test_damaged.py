"""Files of strangers, damaged anywhere: read, or refused as data, and nothing else."""

import contextlib
import random
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoopt.data.files import read
from autoopt.errors import DataError
from tests.counts import FULL

N = 30
CHANCE = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": CHANCE.normal(size=N), "b": ["x", None, "z"] * 10, "y": ["p", "q"] * 15})
BITS = [b'"', b",", b"\n", b"\xff\xff", b"\x00", b";", b"1e999", b"9" * 30, b"{", b">"]


def arrow(path: Path, write: str) -> None:
    pytest.importorskip("pyarrow")
    getattr(FRAME, write)(path)


def fasta(path: Path) -> None:
    path.write_text("".join(f">s{row} {'ab'[row % 2]}\n{'ACGT' * 6}{'ACGT'[row % 4]}\n" for row in range(N)))


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8_000)
        file.writeframes((np.sin(np.arange(900) / 5) * 30_000).astype("<i2").tobytes())


def image(path: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    images.fromarray(CHANCE.integers(0, 255, (9, 11, 3)).astype("u1")).save(path)


TABLES: dict[str, Callable[[Path], Any]] = {
    ".csv": lambda path: FRAME.to_csv(path, index=False),
    ".tsv": lambda path: FRAME.to_csv(path, index=False, sep="\t"),
    ".jsonl": lambda path: FRAME.to_json(path, orient="records", lines=True),
    ".parquet": lambda path: arrow(path, "to_parquet"),
    ".feather": lambda path: arrow(path, "to_feather"),
    ".npy": lambda path: np.save(path, CHANCE.normal(size=(N, 3))),
    ".npz": lambda path: np.savez(path, x=CHANCE.normal(size=(N, 3)), y=np.arange(N) % 2),
    ".fasta": fasta,
}
FILES = {".wav": sound, ".png": image, ".jpg": image, ".gif": image, ".bmp": image, ".webp": image}


def damaged(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    kind = chance.choice(["change", "cut", "put in", "twice"])
    if kind == "cut":
        return content[:place]
    if kind == "put in":
        return content[:place] + chance.choice(BITS) + content[place:]
    if kind == "twice":
        return content[:place] + content[place : place + 50] + content[place:]
    return content[:place] + chance.randbytes(8) + content[place + 8 :]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [*TABLES, *FILES])
def test_a_damaged_file_is_read_or_refused(ending: str, tmp_path: Path) -> None:
    chance, path = random.Random(0), tmp_path / f"a{ending}"
    ({**TABLES, **FILES})[ending](path)
    content, given = path.read_bytes(), path
    if ending in FILES:
        for folder in ("x", "y"):
            (tmp_path / "classes" / folder).mkdir(parents=True)
            (tmp_path / "classes" / folder / path.name).write_bytes(content)
        path, given = tmp_path / "classes" / "x" / f"b{ending}", tmp_path / "classes"
    for _ in range(200 if FULL else 5):
        path.write_bytes(damaged(content, chance))
        with contextlib.suppress(DataError):
            read(given)
