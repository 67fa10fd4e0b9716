"""Bioinformatics: pieces of DNA as FASTA, and how active genes are as a CSV of few rows and many columns."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets import gen_khan, gen_splice

BASES = np.array(list("ACGTN"))
SITES = ["EI", "IE", "N"]
TUMOURS = ["EWS", "BL", "NB", "RMS"]


def splice(folder: Path) -> tuple[Path, Path]:
    """Write 2,404 pieces of 60 bases to train on and 602 to test on: an exon's end, its beginning, or neither."""
    paths = folder / "train.fasta", folder / "test.fasta"
    for path, (bases, sites) in zip(paths, gen_splice(), strict=True):
        # A base that is not known is all zeros, and an N in the file.
        letters = BASES[np.where(bases.any(axis=2), bases.argmax(axis=2), 4)]
        rows = zip(letters, sites, strict=True)
        path.write_text(
            "".join(f">{n} {SITES[site]}\n{''.join(row)}\n" for n, (row, site) in enumerate(rows))
        )
    return paths


def khan(folder: Path) -> tuple[Path, Path]:
    """Write the activity of 2,308 genes in 63 tumours to train on and 20 to test on, as published."""
    paths = folder / "train.csv", folder / "test.csv"
    for path, (genes, kinds) in zip(paths, gen_khan(), strict=True):
        frame = pd.DataFrame(genes, columns=[f"gene_{place}" for place in range(1, genes.shape[1] + 1)])
        frame.assign(tumour=np.take(TUMOURS, kinds)).to_csv(path, index=False)
    return paths
