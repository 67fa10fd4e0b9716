"""Markup: HTML whose every word from elsewhere is escaped, because only `element` makes tags."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.untrusted import escaped

VOID = ("meta", "br")

LINES = "\n\t"
"""What lays out a text, which stays."""


class Markup(str):
    """HTML that is safe as it stands."""


def element(tag: str, *content: str, **attributes: Any) -> Markup:
    """Return an element.

    Args:
        tag: Its name.
        content: Markup stays as it is, any other text is escaped.
        attributes: `class_` is `class`, `aria_label` is `aria-label`; True stands alone, None is left out.

    Example:
        >>> element("p", "2 < 3", class_="note")
        '<p class="note">2 &lt; 3</p>'
    """
    spelled = "".join(_attribute(name, value) for name, value in attributes.items() if value is not None)
    inner = "".join(piece if isinstance(piece, Markup) else escaped(piece, kept=LINES) for piece in content)
    return Markup(f"<{tag}{spelled}>" if tag in VOID else f"<{tag}{spelled}>{inner}</{tag}>")


def joined(pieces: Iterable[Markup]) -> Markup:
    """Return pieces as one."""
    return Markup("".join(pieces))


def listing(items: Iterable[str]) -> Markup:
    """Return a list with bullets."""
    return element("ul", *(element("li", item) for item in items))


def folded(title: str, *content: Markup) -> Markup:
    """Return what is unfolded at a click."""
    return element("details", element("summary", title), *content)


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        shown: What is read.
        value: What a column is sorted by; None for the text itself.
        mark: Class of the cell, None for none.
    """

    shown: str
    value: float | str | None = None
    mark: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return isinstance(self.value, int | float)


Row = Sequence[Cell | str]


def table(caption: str, columns: Sequence[str], rows: Iterable[Row], sortable: bool = False) -> Markup:
    """Return a table that scrolls by itself where it is too wide; the first column has the names of rows.

    Args:
        caption: What it shows.
        columns: Their headings.
        rows: As many cells each.
        sortable: Whether a click on a heading sorts.
    """
    filled = [[each if isinstance(each, Cell) else Cell(each) for each in row] for row in rows]
    headings = (
        element(
            "th", element("button", column, type="button") if sortable else column, scope="col",
            class_="number" if filled and all(row[place].is_number for row in filled) else None,
        )
        for place, column in enumerate(columns)
    )  # fmt: skip
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *headings)),
        element("tbody", *(element("tr", *_cells(row)) for row in filled)),
        class_="sortable" if sortable else None,
    )
    return element("div", whole, class_="scrolls", role="region", aria_label=caption, tabindex="0")


def _cells(row: Sequence[Cell]) -> Iterable[Markup]:
    for place, cell in enumerate(row):
        tag, scope = ("th", "row") if place == 0 else ("td", None)
        names = [name for name in ("number" if cell.is_number else None, cell.mark) if name]
        yield element(
            tag, cell.shown, scope=scope, data_value=cell.value, class_=" ".join(names) or None,
        )  # fmt: skip


def _attribute(name: str, value: Any) -> str:
    spelled = name.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{escaped(str(value), kept=LINES)}"'
