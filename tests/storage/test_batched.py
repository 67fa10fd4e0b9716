"""A journal file that is written in batches: nothing is lost between writes, and others see what was flushed."""

from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from autoopt.storage.batched import BatchedBackend


def backend(path: Path, held: float = 1000.0) -> BatchedBackend:
    return BatchedBackend(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))), held)


def records(*numbers: int) -> list[dict[str, Any]]:
    return [{"number": number} for number in numbers]


def test_what_waits_is_read_along_with_what_is_written(tmp_path: Path) -> None:
    journal = backend(tmp_path / "log")
    journal.append_logs(records(0, 1))
    journal.flush()
    journal.append_logs(records(2, 3))

    for first in range(5):
        assert list(journal.read_logs(first)) == records(*range(first, 4))


def test_others_see_what_was_flushed_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    journal = backend(path)
    journal.append_logs(records(0))
    journal.append_logs(records(1))
    assert list(backend(path).read_logs(0)) == []

    journal.flush()
    assert list(backend(path).read_logs(0)) == records(0, 1)


def test_a_record_does_not_wait_for_ever(tmp_path: Path) -> None:
    journal = backend(tmp_path / "log", held=-1.0)
    journal.append_logs(records(0))

    assert list(backend(tmp_path / "log").read_logs(0)) == records(0)


def test_a_file_is_gone_on_with(tmp_path: Path) -> None:
    first = backend(tmp_path / "log")
    first.append_logs(records(0, 1))
    first.flush()
    second = backend(tmp_path / "log")
    second.append_logs(records(2))

    assert list(second.read_logs(1)) == records(1, 2)
