"""Folders of temporary files: arrays in them, and what becomes of folders whose process was killed."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autoopt.data.aside import Aside, NoRoom, _is_in_memory, temporary
from autoopt.errors import DataError
from autoopt.schema import Stored
from tests.full_disk import files_may_have

MAKES = """
import sys, time
from autoopt.data.aside import Aside, _is_in_memory, temporary
aside = Aside()
aside.written(__import__("numpy").arange(9))
print(aside.new().parent, flush=True)
time.sleep(600)
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of temporary files of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before, tempfile.tempdir = tempfile.tempdir, None  # as in a fresh process
    yield tmp_path
    tempfile.tempdir = before


def test_arrays_that_lie_aside_are_read_row_by_row(there: Path) -> None:
    pieces = [
        {"a": np.arange(6.0).reshape(3, 2), "b": np.arange(3)},
        {"a": np.ones((1, 2)), "b": np.arange(1)},
    ]
    kept = Aside().kept(pieces)
    assert isinstance(kept["a"], Stored) and kept["a"].shape == (4, 2) and len(kept["b"]) == 4
    np.testing.assert_array_equal(np.asarray(kept["a"][np.array([3, 1])]), [[1, 1], [2, 3]])
    np.testing.assert_array_equal(np.asarray(kept["b"]), [0, 1, 2, 0])


def test_an_array_without_rows_can_lie_aside(there: Path) -> None:
    kept = Aside().kept([np.empty((0, 3), np.float32)])
    assert np.asarray(kept).shape == (0, 3)


def test_a_disk_that_fills_up_keeps_whole_rows_alone(there: Path) -> None:
    written = Aside().empty(np.empty((0, 3)))
    written.add(np.ones((2, 3)))
    with files_may_have(100), pytest.raises(NoRoom, match=r"does not take them: File too large.*Set TMPDIR"):
        written.add(np.full((5, 3), 2.0))
    written.add(np.zeros((1, 3)))
    np.testing.assert_array_equal(np.asarray(written.stored()), [[1] * 3, [1] * 3, [0] * 3])


@pytest.mark.parametrize("left", ["nothing", "a part"])
def test_rows_that_somebody_has_removed_are_said_to_be_gone(left: str, there: Path) -> None:
    aside = Aside()
    kept = aside.written(np.arange(9)).stored()
    folder = aside.new().parent
    shutil.rmtree(folder) if left == "nothing" else (folder / "1").write_bytes(b"1")
    with pytest.raises(DataError, match=rf"put into {folder}, and can no longer be read.*Set TMPDIR"):
        np.asarray(kept[:2])


def test_a_folder_of_a_process_that_was_killed_is_removed_by_the_next_one(there: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", MAKES], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        beside = Aside()
        assert folder.is_dir()  # it is alive
        process.kill() if sys.platform == "win32" else process.send_signal(signal.SIGKILL)
        process.wait()
    assert folder.is_dir()
    after = Aside()
    assert not folder.exists() and beside.new().parent.is_dir() and after.new().parent.is_dir()


def test_folders_of_others_are_left_alone(there: Path) -> None:
    (there / "autoopt-rows-mine").mkdir()
    (there / "autoopt-rows-mine" / "notes").write_text("mine")
    (there / "autoopt-rows-file").write_text("mine")
    Aside()
    assert (there / "autoopt-rows-mine" / "notes").exists() and (there / "autoopt-rows-file").exists()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="Linux alone has it")
def test_folders_in_memory_are_told_from_others() -> None:
    assert _is_in_memory(Path("/dev/shm")) and not _is_in_memory(Path("/proc/1"))


def test_a_folder_that_the_user_names_is_taken_whatever_it_is(there: Path) -> None:
    assert temporary() == there
