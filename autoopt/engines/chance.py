"""Chance: uniform numbers by counting and hashing, for Dropout and SpatialDropout.

Counter-based generators (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") hash the place of a number
with a key. The hash is the finalizer of MurmurHash3 (Appleby 2011), applied twice, a part of the key mixed in before
each. Under XLA on a CPU that costs next to nothing beside an epoch, unlike Keras's own generator: `python -m
benchmarks xla` has a net with either.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

from keras import ops

GOLDEN = 0x9E3779B9
"""2³² over the golden ratio (Knuth 1973, section 6.4): it spreads what is counted."""


def uniform(shape: Sequence[Any], key: Any) -> Any:
    """Return float32 numbers in [0, 1), equal for equal keys.

    Args:
        shape: Lengths, which a trace may not know yet.
        key: Two integers of any kind, as a `SeedGenerator` hands them out.
    """
    size = (
        ops.prod(ops.stack([ops.cast(length, "int32") for length in shape]))
        if _traced(shape)
        else prod(shape)
    )
    first, second = (ops.cast(key[at], "uint32") for at in (0, 1))
    bits = ops.cast(ops.arange(size, dtype="int32"), "uint32") * _word(GOLDEN) + second
    bits = _mixed(_mixed(ops.bitwise_xor(bits, first)) + second)
    # 24 bits are what a float32 holds.
    found = ops.cast(ops.right_shift(bits, _word(8)), "float32") * (1.0 / 2**24)
    return ops.reshape(found, shape)


def _mixed(bits: Any) -> Any:
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        bits = ops.bitwise_xor(bits, ops.right_shift(bits, _word(shift))) * _word(factor)
    return ops.bitwise_xor(bits, ops.right_shift(bits, _word(16)))


def _word(value: int) -> Any:
    return ops.convert_to_tensor(value, "uint32")


def _traced(shape: Sequence[Any]) -> bool:
    return any(not isinstance(length, int) for length in shape)
