"""What the tests draw models from: functions that make layers, and chains of them."""

import functools
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy


def made(kind: Any, *arguments: Any, **options: Any) -> SearchStrategy[Any]:
    """Draw a function that makes a layer: layers themselves draw random seeds, which strategies may not."""
    return st.builds(functools.partial, st.just(kind), *arguments, **options)


def segments(weighted: SearchStrategy[Any], follower: SearchStrategy[Any], most: int) -> SearchStrategy[Any]:
    """Draw up to three layers with weights, each with up to `most` that follow it."""
    return st.lists(st.tuples(weighted, st.lists(follower, max_size=most)), max_size=3).map(
        lambda found: [make for first, rest in found for make in (first, *rest)]
    )
