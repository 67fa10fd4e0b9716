"""Speech: spoken digits as sound files, one folder for each word; and vowels, measured, as a CSV."""

import wave
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets import audio_espeak_digits, audio_vowel

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
VOWELS = ["hid", "hId", "hEd", "hAd", "hYd", "had", "hOd", "hod", "hUd", "hud", "hed"]
RATE = 8_000


def digits(folder: Path) -> tuple[Path, Path]:
    """Write 2,400 sounds of a second by 40 voices to train on, and 900 by 15 others to test on."""
    paths = folder / "train", folder / "test"
    for path, (sounds, said) in zip(paths, audio_espeak_digits(), strict=True):
        for number, (samples, digit) in enumerate(zip(sounds, said, strict=True)):
            place = path / WORDS[digit]
            place.mkdir(parents=True, exist_ok=True)
            with wave.open(str(place / f"{number:04}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes((32_767 * samples).astype("<i2").tobytes())
    return paths


def vowel(folder: Path) -> tuple[Path, Path]:
    """Write 528 vowels of 8 speakers to train on and 462 of 7 others to test on, 10 numbers each."""
    paths = folder / "train.csv", folder / "test.csv"
    for path, (ratios, vowels) in zip(paths, audio_vowel(), strict=True):
        frame = pd.DataFrame(ratios, columns=[f"area_{place}" for place in range(1, 11)])
        frame.assign(vowel=np.take(VOWELS, vowels)).to_csv(path, index=False)
    return paths
