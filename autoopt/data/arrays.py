"""From what holds numbers (lists, tensors, DataFrames) to numpy arrays nested as Keras takes them."""

import sys
from typing import Any

import numpy as np

from autoopt.data import frames
from autoopt.errors import DataError


def to_arrays(x: Any, y: Any) -> tuple[Any, Any]:
    """Convert `x` and `y`; a list of arrays is read as rows or as several inputs by what fits the other side.

    Raises:
        DataError: Something is no array, or a list of arrays can be read in two ways.
    """
    x_ways, y_ways = _ways(x), _ways(y)
    fits = [(one, two) for one, n in x_ways.items() for two, m in y_ways.items() if n == m]
    if len(fits) > 1:
        raise DataError(
            f"x or y is a list of {x_ways.get('rows', y_ways.get('rows'))} arrays with as many rows each: it "
            "may be a list of rows or a list of several inputs. Expected one that can be read in one way "
            "only. Pass np.stack(x) for rows, or a dict of arrays by input name."
        )
    x_way, y_way = fits[0] if fits else (next(iter(x_ways)), next(iter(y_ways)))
    return convert(x, "x", x_way), convert(y, "y", y_way)


def convert(value: Any, name: str, way: str = "parts") -> Any:
    """Convert one side; a list of arrays becomes one array (`way="rows"`) or a tuple (`way="parts"`)."""
    if isinstance(value, dict):
        if not value:
            raise DataError(
                f"{name} is an empty dict. Expected arrays by name. Pass {{'input name': array}}."
            )
        return {key: convert(item, f"{name}[{key!r}]") for key, item in value.items()}
    if _is_list_of_arrays(value) and way == "parts":
        return tuple(convert(item, f"{name}[{index}]", "rows") for index, item in enumerate(value))
    return to_array(value, name)


def to_array(value: Any, name: str) -> np.ndarray:
    """Return one numpy array: float64 as float32, integers, booleans and text as they are.

    Args:
        value: Anything with numbers: numpy, nested lists, a tensor of JAX, torch or TensorFlow, pandas.
        name: What messages call it, for example `x['image']`.
    """
    try:
        array = _as_numpy(value, name)
    except DataError:
        raise
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataError(
            f"{name} ({type(value).__name__}) cannot be made an array: {error}. Expected numbers, every row "
            "of the same shape. Pad rows of different lengths, for example with keras.utils.pad_sequences."
        ) from error
    if array.ndim == 0:
        raise DataError(
            f"{name} is {_described(value)}. Expected an array with one row per example, a list of numbers, "
            "a dict of arrays or a DataFrame. Pass data as (x, y)."
        )
    return _plain(array, name)


def _ways(value: Any) -> dict[str, int]:
    """Return each way in which one side can be read, with the rows that it would have."""
    if isinstance(value, dict):
        return _ways(next(iter(value.values()))) if value else {"parts": 0}
    if not _is_list_of_arrays(value):
        return {"rows": _row_count(value)}
    shapes = {tuple(item.shape) for item in value}
    ways = {"parts": int(value[0].shape[0])} if len({shape[0] for shape in shapes}) == 1 else {}
    if len(shapes) == 1:
        ways["rows"] = len(value)
    return ways or {"parts": int(value[0].shape[0])}


def _row_count(value: Any) -> int:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return shape[0] if shape else 0
    return len(value) if hasattr(value, "__len__") else 0


def _is_list_of_arrays(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(len(getattr(item, "shape", None) or ()) > 0 for item in value)


def _as_numpy(value: Any, name: str) -> np.ndarray:
    if frames.recognizes(value):
        return frames.to_array(value, name)
    if hasattr(value, "toarray"):
        raise DataError(
            f"{name} is a sparse matrix of shape {value.shape}. Expected a dense array. Pass "
            f"{name}.toarray()."
        )
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return np.asarray(value.float() if value.dtype == torch.bfloat16 else value)
    if isinstance(value, list | tuple) and value and hasattr(value[0], "__array__"):
        return np.stack([_as_numpy(item, name) for item in value])
    return np.asarray(value)


def _plain(array: np.ndarray, name: str) -> np.ndarray:
    """Return the array in a type that every backend takes."""
    if array.dtype == object:
        array = _from_objects(array, name)
    if array.dtype.kind == "T":
        array = array.astype(str)
    if array.dtype == np.float64 or array.dtype.name == "bfloat16":
        # A value beyond float32 becomes infinity, which the checks then report with its place.
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    if array.dtype.kind in "biufUS":
        return array
    raise DataError(
        f"{name} holds values of type {array.dtype}. Expected numbers. Turn dates into numbers "
        "((dates - dates.min()) / np.timedelta64(1, 'D')), complex numbers into two columns."
    )


def _from_objects(array: np.ndarray, name: str) -> np.ndarray:
    values = array.ravel().tolist()
    if all(isinstance(value, str | bytes) for value in values):
        return array.astype("S" if values and isinstance(values[0], bytes) else str)
    mixed = next((value for value in values if isinstance(value, str | bytes)), None)
    if mixed is not None:
        raise DataError(
            f"{name} mixes text ({mixed!r}) with other values. Expected numbers only. Encode or remove the "
            "text."
        )
    try:
        made = np.array(array.tolist())
        return made if made.dtype.kind in "biuf" else made.astype(np.float32)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{name} is an array of objects ({type(values[0]).__name__}) that are no numbers, or rows of "
            "different lengths. Expected an array of numbers. Pad the rows (keras.utils.pad_sequences) or "
            "convert them."
        ) from error


def _described(value: Any) -> str:
    return (
        f"a single value ({value!r})" if isinstance(value, int | float | str) else f"a {type(value).__name__}"
    )
