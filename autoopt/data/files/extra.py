"""Libraries that read a format and come with the extra `data`."""

import importlib
from typing import Any

from autoopt.errors import DataError

PACKAGES = {"pyarrow": "pyarrow", "PIL": "pillow", "soundfile": "soundfile"}
"""What is installed, by what is imported."""


def needed(module: str, source: object) -> Any:
    """Return a library.

    Args:
        module: Its name.
        source: What it is needed for, as a message names it.

    Raises:
        DataError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = PACKAGES[module]
        raise DataError(
            f"{source} cannot be read: {package} is not installed. Expected it beside autoopt. Write pip install {package}, "
            "or pip install 'autoopt[data]' for all formats."
        ) from error
