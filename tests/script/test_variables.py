"""Variables: names that Python takes, each given once, in a file and in the functions of it."""

import builtins
import keyword

from hypothesis import given, settings
from hypothesis import strategies as st

from autoopt.script.variables import TAKEN, Variables

WORDS = st.sampled_from(
    [*TAKEN, "max", "class", "match", "dense", "dense_2", "dense_copy", "2d", "a/b", "数"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["file", "one", "other"]), WORDS | st.text(max_size=5))))
def test_a_name_is_one_of_pythons_that_nothing_in_sight_has(wanted: list[tuple[str, str]]) -> None:
    file = Variables()
    scopes = {"file": file, "one": Variables(file), "other": Variables(file)}
    found = [(scope, scopes[scope].fresh(word)) for scope, word in wanted]

    for at, (scope, name) in enumerate(found):
        assert name.isidentifier() and not keyword.iskeyword(name) and name not in TAKEN
        assert not hasattr(builtins, name)
        seen = [other for where, other in found[:at] if "file" in (scope, where) or scope == where]
        assert name not in seen


def test_functions_may_use_the_same_names() -> None:
    file = Variables()
    assert [Variables(file).fresh("dense") for _ in range(2)] == ["dense", "dense"]
