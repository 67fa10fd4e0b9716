"""Every test and every docstring's example runs in an empty folder of its own."""

import pytest


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Runs and logs go where the process is: keep them out of the checkout."""
    monkeypatch.chdir(tmp_path)
