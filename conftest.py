"""Every test and every docstring's example runs in an empty folder of its own; what shares processes runs in one."""

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = "tests/executors/"
"""Modules that share worker processes and a Ray, which take long to start."""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Runs and logs go where the process is: keep them out of the checkout."""
    monkeypatch.chdir(tmp_path)


class Pieces(LoadScopeScheduling):
    """A module is a piece of work for one process, and so are all that share worker processes."""

    def _split_scope(self, nodeid):
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Share the tests out among the processes of pytest-xdist, unless another way is asked for."""
    return Pieces(config, log) if config.getvalue("dist") == "loadscope" else None
