"""The README's Python runs as it stands, only for fewer trials."""

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def snippets():
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf8"), flags=re.DOTALL)


def test_the_readme_s_snippets_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(snippets())
    quick = code.replace('budget="5m"', "max_trials=2, epochs=2, verbose=0")
    assert code.count('budget="5m"') == 3
    exec(compile(quick, "README.md", "exec"), {"__name__": "readme"})
    assert (tmp_path / "best.keras").exists()


def test_the_first_screen_holds_the_two_commands_that_do_all_the_set_up():
    first_screen = README.read_text(encoding="utf8").splitlines()[:40]
    assert "pip install . && autoopt tune examples/digits.py --budget 60s" in first_screen
    assert "pip install '.[test]' && pytest" in first_screen
