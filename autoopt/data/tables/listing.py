"""Names in a sentence: the first few, as messages have them."""

from collections.abc import Iterable

from autoopt.untrusted import shown


def some(names: Iterable[object], most: int = 3) -> str:
    """Return the first names with commas between, and dots where there are more.

    Example:
        >>> some(["a", "b", "c", "d"])
        "'a', 'b', 'c', …"
    """
    listed = list(names)
    return ", ".join(shown(each) for each in listed[:most]) + (", …" if len(listed) > most else "")
