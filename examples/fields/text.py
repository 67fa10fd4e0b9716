"""Text: articles of BBC news, which of five topics. A CSV with a column of text and one of topics."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets import text_bbc
from benchmarks.datasets.texts import TOPICS


def bbc(folder: Path) -> tuple[Path, Path]:
    """Write 1,701 articles to train on and 426 to test on."""
    paths = folder / "train.csv", folder / "test.csv"
    for path, (articles, topics) in zip(paths, text_bbc(), strict=True):
        pd.DataFrame({"article": articles, "topic": np.take(TOPICS, topics)}).to_csv(path, index=False)
    return paths
