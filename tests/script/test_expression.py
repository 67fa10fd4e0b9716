import random
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

from autoopt.errors import UsageError
from autoopt.script.expression import Display, Expression, call, flat, laid_out, listed, literal, text


def drawn(chance: random.Random, depth: int) -> Expression:
    """Return an expression of words, brackets and calls, at most so deep."""
    kind = chance.random()
    word = chance.choice("abcdefgh") * chance.randint(1, 30)
    if depth == 0 or kind < 0.45:
        return word
    inside = [drawn(chance, depth - 1) for _ in range(chance.randint(0, 4))]
    if kind < 0.65:
        return listed(inside, chance.choice(["[]", "()"]))
    if kind < 0.7:
        return Display("{}", tuple((f"{text(str(at))}: ", each) for at, each in enumerate(inside)))
    named = {f"{word}_{at}": drawn(chance, depth - 1) for at in range(chance.randint(0, 3))}
    made = call(f"layers.{word}", *inside, **named)
    return (
        call(made, *chance.choice([["x"], [word], [listed([word, word])]])) if chance.random() < 0.3 else made
    )


@pytest.mark.skipif(shutil.which("ruff") is None, reason="ruff comes with autoopt[dev]")
def test_lines_are_broken_where_ruff_breaks_them() -> None:
    chance = random.Random(0)
    lines = [line for _ in range(600) for line in laid_out(drawn(chance, 4), 4, "x = ")]
    written = "\n".join(["def f():", *lines, ""])
    options = ("ruff", "format", "--isolated", "--line-length", "100", "-")
    assert (
        subprocess.run(options, input=written, capture_output=True, text=True, check=True).stdout == written
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1, "0.1"), (float(np.float32(0.001)), "0.001"), (1e-300, "1e-300"), (2.0934739103e-3, "0.002093474"),
        (float("inf"), 'float("inf")'), ((3,), "(3,)"), ({"a": [1, None]}, '{"a": [1, None]}'), ("it's", '"it\'s"'),
        (np.int64(3), "3"), (True, "True"),
    ],
)  # fmt: skip
def test_plain_data_is_written_with_the_digits_that_count(value: Any, written: str) -> None:
    assert flat(literal(value)) == written


def test_what_is_no_plain_data_is_refused() -> None:
    with pytest.raises(UsageError, match="of the type object"):
        literal(object())
