"""The columns of raw rows, as they are shown before a search."""

from autoopt.reports.columns_table import columns_table


def described(count: int) -> list[dict[str, str]]:
    names = [*(f"c{n}" for n in range(count - 1)), "target"]
    return [{"name": name, "kind": "number", "missing": "0%"} for name in names]


def test_each_column_is_a_row_under_its_headings() -> None:
    assert columns_table(described(2), 80) == [
        "column  kind    missing", "c0      number  0%", "target  number  0%",
    ]  # fmt: skip


def test_of_many_columns_the_first_and_the_target_are_shown() -> None:
    lines = columns_table(described(54), 80)
    assert len(lines) == 22 and lines[-2] == "and 34 more columns" and lines[-1].startswith("target")


def test_nothing_is_shown_of_arrays() -> None:
    assert columns_table((), 80) == []
