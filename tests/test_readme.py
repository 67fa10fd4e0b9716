"""The README's Python runs as it stands, only for fewer trials."""

import re
from pathlib import Path

import numpy as np

import autoopt
from tests import toys
from tests.counts import in_processes

README = Path(__file__).parent.parent / "README.md"


def snippets():
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf8"), flags=re.DOTALL)


AFTERWARDS = "result.importance()"
"""Begins the snippet that needs more trials than two, and a winner that is not the user's model."""


def searched(model_fn):
    """Return a search of enough trials for every step after it."""
    x, y = toys.digits(120)
    start = [{"optimizer/name": "adam", "optimizer/learning_rate": 0.01, "optimizer/schedule": "constant"}]
    search = autoopt.Search(start=start, keep=10, confirm=0)
    space = autoopt.Space(structure=False, initialization=False, augmentation=False)
    return autoopt.tune(
        model_fn, (x, y), epochs=2, max_trials=10, search=search, space=space, seed=0, verbose=0
    )


@in_processes
def test_the_readme_s_snippets_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = {"__name__": "readme", "writers": np.arange(1797) % 30}
    assert "\n".join(snippets()).count('budget="5m"') == 6
    for number, snippet in enumerate(snippets()):
        if snippet.startswith(AFTERWARDS):
            found["result"] = searched(found["model_fn"])
        fewer = "max_trials=2, epochs=1, verbose=0"
        if "search=" not in snippet:
            fewer += f", search=autoopt.Search(confirm={int(number == 0)}, confirm_repeats=1)"
        quick = snippet.replace('budget="5m"', fewer).replace("Search(cv=5)", "Search(cv=2, confirm=0)")
        exec(compile(quick, "README.md", "exec"), found)
    assert (tmp_path / "best.keras").exists()


def test_the_first_screen_holds_the_two_commands_that_do_all_the_set_up():
    first_screen = README.read_text(encoding="utf8").splitlines()[:40]
    assert "pip install . && autoopt tune examples/digits.py --budget 60s" in first_screen
    assert "pip install '.[test]' && pytest" in first_screen
