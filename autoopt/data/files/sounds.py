"""Sound files as samples of one rate and length, from one channel."""

import math
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from autoopt.data.files.delimited import Progress
from autoopt.data.files.extra import needed
from autoopt.data.files.loaded import Loaded, said, skipped
from autoopt.schema import RATES
from autoopt.untrusted import Unreadable

MOST_RATE = 16_000
"""Samples a second: speech has little above the 8 kHz that they carry."""

MOST_SECONDS = 4.0
"""Of the common length."""

LENGTH = 95
"""Percentile of the lengths that becomes the common one."""

DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    LookupError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    Unreadable,
    NameError,  # scipy, of a file without samples
    TypeError,
)
"""What scipy and soundfile raise of a file that is damaged."""


def read(
    paths: Sequence[Path], progress: Progress | None = None, length: int | None = None, rate: int = 0
) -> Loaded:
    """Return sounds as float32 (rows, samples) from -1 to 1, with silence after those that are shorter.

    Args:
        paths: Of the files.
        progress: Told of files.
        length: In samples, where it is known; else it is found.
        rate: Samples a second, likewise.

    Raises:
        DataError: No file can be read, or soundfile is not installed and one needs it.
    """
    wrong, sounds = {}, {}
    for place, path in enumerate(paths):
        if path.suffix.lower() != ".wav":
            needed("soundfile", path)
        try:
            sounds[place] = _samples(path)
        except DAMAGE as error:
            wrong[place] = said(error)
        if progress is not None:
            progress(place + 1, len(paths))
    notes = skipped(paths, wrong)
    rates, counts = np.unique([found for found, _ in sounds.values()], return_counts=True)
    rate = rate or min(MOST_RATE, int(rates[np.argmax(counts)]))
    even = [_resampled(samples, found, rate) for found, samples in sounds.values()]
    if length is None:
        length = max(1, math.ceil(np.percentile([len(each) for each in even], LENGTH)))
        length = min(length, math.ceil(MOST_SECONDS * rate))
        notes = (*notes, *_told([len(each) for each in even], rates.tolist(), rate, length))
    elif longer := sum(len(each) > length for each in even):
        notes = (
            *notes,
            f"{longer:,} of {len(even):,} sounds are longer than {length / rate:.2f} s: cut there.",
        )
    values = np.zeros((len(even), length), np.float32)
    for row, samples in zip(values, even, strict=True):
        row[: len(samples)] = samples[:length]
    return Loaded(values, np.array(list(sounds), np.int64), (length,), rate, notes)


def _samples(path: Path) -> tuple[int, np.ndarray]:
    """Return rate and samples from -1 to 1, no more than are used and one by which those are seen to be cut."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # chunks that scipy does not know, as players' tags
        if path.suffix.lower() == ".wav":
            rate, found = wavfile.read(path)
            found = found[: math.ceil(rate * MOST_SECONDS) + 1]
        else:
            import soundfile

            with soundfile.SoundFile(path) as file:
                rate = file.samplerate
                found = file.read(math.ceil(rate * MOST_SECONDS) + 1, dtype="float32")
    if rate not in RATES or not len(found):
        raise Unreadable(
            f"It has {len(found):,} samples, {rate:,} a second. Expected some, {RATES.start:,} a second or more."
        )
    return int(rate), _from_channels(_scaled(found))


def _scaled(samples: np.ndarray) -> np.ndarray:
    """Return samples of any type from -1 to 1."""
    if samples.dtype.kind == "f":
        return np.nan_to_num(samples.astype(np.float32), posinf=0.0, neginf=0.0).clip(-1, 1)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    return (samples / -float(np.iinfo(samples.dtype).min)).astype(np.float32)


def _from_channels(samples: np.ndarray) -> np.ndarray:
    return samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)


def _resampled(samples: np.ndarray, found: int, rate: int) -> np.ndarray:
    if found == rate:
        return samples
    from scipy import signal  # loads more than all else that reads files

    common = math.gcd(found, rate)
    return signal.resample_poly(samples, rate // common, found // common).astype(np.float32).clip(-1, 1)


def _told(lengths: list[int], rates: list[int], rate: int, length: int) -> tuple[str, ...]:
    notes = []
    if rates != [rate]:
        notes.append(
            f"Sounds of {', '.join(f'{each:,}' for each in rates[:5])} samples a second are brought to {rate:,}."
        )
    longer, shorter = sum(each > length for each in lengths), sum(each < length for each in lengths)
    if longer or shorter:
        notes.append(
            f"Sounds are brought to {length / rate:.2f} s ({length:,} samples): {longer:,} are cut there, {shorter:,} get "
            "silence at their end."
        )
    if max(lengths) > MOST_SECONDS * rate:
        notes.append(f"Of no sound more than its first {MOST_SECONDS:g} s is read.")
    return tuple(notes)
