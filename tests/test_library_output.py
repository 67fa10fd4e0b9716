"""What TensorFlow's native code writes as it is imported, by way of a package that does the same and takes no time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import autoopt

PACKAGE = """
import os
os.write(2, b"I0000 port.cc: oneDNN\\n")
"""
CODE = "from autoopt import library_output\nlibrary_output.keep_off_screen()\nimport tensorflow"


def told(folder: Path, package: str, level: str | None) -> str:
    """Return what stands on stderr of a process that imports the package."""
    (folder / "tensorflow").mkdir()
    (folder / "tensorflow" / "__init__.py").write_text(package)
    paths = f"{folder}{os.pathsep}{Path(autoopt.__file__).parents[1]}"
    environment = {**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": level or ""}
    if level is None:
        del environment["TF_CPP_MIN_LOG_LEVEL"]
    return subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True
    ).stderr


@pytest.mark.parametrize("level", [None, "1", "2", "3"])
def test_what_an_import_writes_is_held_back_however_few_lines_are_asked_for(
    level: str | None, tmp_path: Path
) -> None:
    assert told(tmp_path, PACKAGE, level) == ""


def test_who_asks_for_all_lines_sees_them(tmp_path: Path) -> None:
    assert "oneDNN" in told(tmp_path, PACKAGE, "0")


def test_of_an_import_that_fails_all_is_shown(tmp_path: Path) -> None:
    shown = told(tmp_path, PACKAGE + "raise ImportError('no such library')\n", "2")
    assert "oneDNN" in shown and "no such library" in shown
