"""Images that are flipped, shifted and turned, against NumPy."""

from typing import Any

import numpy as np
import pytest
from keras import ops

from autoopt.engines.pixels import moved, turned

IMAGES = np.random.default_rng(0).random((3, 6, 6, 2)).astype("float32")
WIDE = IMAGES[:, :4]


def everywhere(*pair: Any) -> Any:
    return ops.convert_to_tensor(np.tile(pair, (len(IMAGES), 1)))


def turn(images: Any, angle: float, flips: Any = (False, False), shifts: Any = (0, 0)) -> np.ndarray:
    angles = ops.convert_to_tensor(np.full(len(images), angle, "float32"))
    images = ops.convert_to_tensor(images)
    return ops.convert_to_numpy(turned(images, everywhere(*flips), everywhere(*shifts), angles))


def move(images: Any, flips: Any = (False, False), shifts: Any = (0, 0)) -> np.ndarray:
    images = ops.convert_to_tensor(images)
    return ops.convert_to_numpy(moved(images, everywhere(*flips), everywhere(*shifts)))


@pytest.mark.parametrize("images", [IMAGES, WIDE])
def test_nothing_drawn_is_the_image_to_the_last_bit(images: Any) -> None:
    assert np.array_equal(move(images), images)
    assert np.array_equal(turn(images, 0.0), images)


@pytest.mark.parametrize("flips", [(True, False), (False, True), (True, True)])
def test_flips_are_those_of_numpy_and_flipping_twice_is_nothing(flips: tuple[bool, bool]) -> None:
    axes = [axis for axis, flipped in zip((1, 2), flips, strict=True) if flipped]

    assert np.array_equal(move(WIDE, flips), np.flip(WIDE, axes))
    assert np.array_equal(turn(WIDE, 0.0, flips), np.flip(WIDE, axes))
    assert np.array_equal(move(move(WIDE, flips), flips), WIDE)


@pytest.mark.parametrize(("down", "right"), [(1, 0), (0, -2), (-1, 3)])
def test_shifts_move_each_pixel_and_reflect_what_lies_beyond_an_edge(down: int, right: int) -> None:
    padded = np.pad(WIDE, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="symmetric")
    expected = padded[:, 3 - down : 7 - down, 3 - right : 9 - right]

    assert np.array_equal(move(WIDE, shifts=(down, right)), expected)
    assert np.array_equal(turn(WIDE, 0.0, shifts=(down, right)), expected)


def test_a_flip_comes_before_a_shift() -> None:
    expected = move(np.flip(IMAGES, 2), shifts=(0, 1))

    assert np.array_equal(move(IMAGES, (False, True), (0, 1)), expected)
    assert np.array_equal(turn(IMAGES, 0.0, (False, True), (0, 1)), expected)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_are_those_of_numpy(quarters: int) -> None:
    expected = np.rot90(IMAGES, quarters, axes=(1, 2))

    assert turn(IMAGES, quarters * np.pi / 2) == pytest.approx(expected, abs=1e-5)


def test_half_a_turn_of_a_wide_image_flips_it_both_ways() -> None:
    assert turn(WIDE, np.pi) == pytest.approx(np.flip(WIDE, (1, 2)), abs=1e-5)


def test_values_between_pixels_are_bilinear() -> None:
    row = np.zeros((3, 1, 3, 1), "float32")
    row[:, 0] = [[1.0], [2.0], [4.0]]
    angle = np.arccos(0.75)

    # Of one row, the places left and right of the middle are read 0.75 to the left and to the right of it.
    assert turn(row, angle)[0, 0, :, 0] == pytest.approx([1.25, 2.0, 3.5], abs=1e-6)
