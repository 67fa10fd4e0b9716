"""Where the pixels of a moved image come from: flips, shifts and rotations of a batch of images.

What lies beyond an edge is the image reflected at it, as Keras's `fill_mode="reflect"` has it.
"""

from typing import Any

from keras import ops


def moved(images: Any, flips: Any, shifts: Any) -> Any:
    """Flip images, then shift them by whole pixels.

    Args:
        images: (batch, height, width, channels).
        flips: (batch, 2) of bool: top to bottom, left to right.
        shifts: (batch, 2) of whole numbers: pixels downwards and to the right.
    """
    height, width = ops.shape(images)[1:3]
    rows = _lengthwise(height, flips[:, :1], shifts[:, :1])
    columns = _lengthwise(width, flips[:, 1:], shifts[:, 1:])
    return _gathered(images, rows[:, :, None], columns[:, None, :])


def turned(images: Any, flips: Any, shifts: Any, angles: Any) -> Any:
    """Flip images, rotate them about their middle, then shift them; values between pixels are bilinear.

    Args:
        images: (batch, height, width, channels) of real numbers.
        flips: As of `moved`.
        shifts: Likewise.
        angles: (batch,) in radians, counterclockwise.
    """
    height, width = ops.shape(images)[1:3]
    middle, center = (ops.cast(length - 1, "float32") / 2 for length in (height, width))
    shifts, angles = ops.cast(shifts, "float32"), angles[:, None, None]
    down = ops.arange(height, dtype="float32")[None, :, None] - middle - shifts[:, :1, None]
    right = ops.arange(width, dtype="float32")[None, None, :] - center - shifts[:, 1:, None]
    row = ops.cos(angles) * down + ops.sin(angles) * right
    column = ops.cos(angles) * right - ops.sin(angles) * down
    row = ops.where(flips[:, :1, None], -row, row) + middle
    column = ops.where(flips[:, 1:, None], -column, column) + center
    return _between(images, row, column)


def _between(images: Any, row: Any, column: Any) -> Any:
    """Return the values at places between pixels: each of the four around it counts by its nearness."""
    above, before = ops.floor(row), ops.floor(column)
    low, late = (ops.cast(part, images.dtype)[..., None] for part in (row - above, column - before))
    rows, columns = (ops.cast(place, "int32") for place in (above, before))
    upper = (1 - late) * _gathered(images, rows, columns) + late * _gathered(images, rows, columns + 1)
    lower = (1 - late) * _gathered(images, rows + 1, columns) + late * _gathered(
        images, rows + 1, columns + 1
    )
    return (1 - low) * upper + low * lower


def _lengthwise(length: Any, flipped: Any, shift: Any) -> Any:
    """Return which row, or which column, is read for each one of each image."""
    place = ops.arange(length, dtype="int32")[None, :] - ops.cast(shift, "int32")
    return ops.where(flipped, length - 1 - place, place)


def _gathered(images: Any, rows: Any, columns: Any) -> Any:
    """Return the pixels at places of each image, reflected at the edges; one gather, whatever the places."""
    batch, height, width, channels = ops.shape(images)
    places = _reflected(rows, height) * width + _reflected(columns, width)
    first = ops.arange(batch, dtype="int32")[:, None, None] * (height * width)
    flat = ops.reshape(images, (batch * height * width, channels))
    return ops.take(flat, first + places, axis=0)


def _reflected(place: Any, length: Any) -> Any:
    """Return places with those beyond an edge reflected: c b a | a b c | c b a."""
    place = ops.mod(place, 2 * length)
    return ops.minimum(place, 2 * length - 1 - place)
