"""Digits as the speech synthesizer eSpeak NG says them; its library is loaded, so each part has a process of its own."""

import ctypes
from collections.abc import Callable, Sequence

import numpy as np
from scipy.signal import resample_poly

from benchmarks.datasets.cut import Arrays
from benchmarks.datasets.package import located

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ACCENTS = ["en-us", "en-gb-x-gbcwmd", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc"]

RATE, SAMPLES = 22_050, 8_000
"""What eSpeak speaks at, a second; and what is kept of it, likewise."""

RETRIEVAL, SPEED, PITCH, CHARACTERS = 2, 1, 3, 1
"""eSpeak's names for: samples are handed over; two of a voice's parameters; how a text's place is counted."""

SILENCE = 0.01
"""Of the loudest possible: what is quieter at both ends is cut off."""


def said(voices: Sequence[str], seed: int) -> Arrays:
    """Return each digit in each accent of each voice, and which it is.

    Args:
        voices: eSpeak's names of variants.
        seed: Of rate, pitch, place and noise.
    """
    say, random = _speaker(), np.random.RandomState(seed)
    x, y = [], []
    for voice in voices:
        for accent in ACCENTS:
            for digit, word in enumerate(DIGITS):
                speed, pitch = int(random.randint(110, 200)), int(random.randint(25, 75))
                x.append(_in_noise(say(word, f"{accent}+{voice}", speed, pitch), random))
                y.append(digit)
    return np.stack(x), np.array(y)


def _speaker() -> Callable[[str, str, int, int], np.ndarray]:
    """Return what says a word in a voice, as samples from -1 to 1 at `RATE`."""
    folder = located("espeakng_loader")
    library = ctypes.CDLL(str(folder / "libespeak-ng.so.1"))
    taker = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    heard: list[np.ndarray] = []

    def take(samples: object, count: int, events: object) -> int:
        if count > 0:
            heard.append(np.ctypeslib.as_array(samples, (count,)).copy())  # type: ignore[call-overload]
        return 0

    taken = taker(take)
    if library.espeak_Initialize(RETRIEVAL, 0, str(folder).encode(), 0) != RATE:
        raise RuntimeError(f"eSpeak NG in {folder} does not start.")
    library.espeak_SetSynthCallback(taken)

    def say(word: str, voice: str, speed: int, pitch: int, kept: object = taken) -> np.ndarray:
        heard.clear()
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"eSpeak NG in {folder} has no voice {voice}.")
        library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # breath and flutter are drawn otherwise
        library.espeak_SetParameter(SPEED, speed, 0)
        library.espeak_SetParameter(PITCH, pitch, 0)
        text = word.encode()
        library.espeak_Synth(text, len(text) + 1, 0, 1, 0, CHARACTERS, None, None)
        library.espeak_Synchronize()
        return np.concatenate(heard).astype("float64") / 32768

    return say


def _in_noise(spoken: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Return a word somewhere in a second, 5 to 25 dB above noise."""
    samples = resample_poly(spoken, 160, 441)
    loud = np.flatnonzero(np.abs(samples) > SILENCE)
    samples = (samples[loud[0] : loud[-1] + 1] if len(loud) else samples)[:SAMPLES]
    samples = samples / (np.abs(samples).max() + 1e-9)
    start = random.randint(0, SAMPLES - len(samples) + 1)
    second = np.zeros(SAMPLES)
    second[start : start + len(samples)] = samples
    above = random.uniform(5, 25)
    second += random.randn(SAMPLES) * np.sqrt(samples.var() / 10 ** (above / 10))
    return (second / np.abs(second).max()).astype("float32")
