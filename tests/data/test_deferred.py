"""Rows larger than the memory that they may take: read and prepared batch by batch, to the same arrays."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from autoopt.data import Dataset, Part, Stream
from autoopt.data.batches import Batches
from autoopt.data.deferred import in_runs
from autoopt.data.files.images import Pictures
from autoopt.errors import DataError
from autoopt.preparing import Preparation
from autoopt.schema import Stored
from tests.data.files.test_folders import image, sound
from tests.full_disk import files_may_have
from tests.raws import raw

LITTLE = "1MB"


def pictures(folder: Path, n: int = 48, side: int = 64) -> Path:
    """Write images of two classes, each of a colour of its own."""
    images = pytest.importorskip("PIL.Image")
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(n):
            colour = (5 * number, 200 if name == "dog" else 20, 30)
            images.new("RGB", (side, side), colour).save(folder / name / f"{number:03}.png")
    return folder


def sounds(folder: Path) -> Path:
    for name in ("low", "high"):
        for number in range(12):
            sound(folder / name / f"{number}.wav", samples=16_000 + 40 * number)
    return folder


def texts(folder: Path) -> Path:
    for name in ("good", "bad"):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            words = f"a {name} day with number {number % 4} and {name} luck " * 1_200
            (folder / name / f"{number}.txt").write_text(words)
    return folder


class Meeting:
    """Rows of which two groups are prepared at the same time, or none is."""

    at_once, threads = 4, 2

    def __init__(self) -> None:
        self.both, self.asked = threading.Barrier(2), list[int]()

    def prepared(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.asked.append(int(rows[0]))
        self.both.wait(timeout=30)
        return rows, rows


FOLDERS = {"images": pictures, "sounds": sounds, "texts": texts}


def gathered(part: Part | Stream) -> Part:
    """Return all batches of a part as one; texts are small once their words are numbers."""
    if isinstance(part, Part):
        return part
    found = list(part.batches())
    return Part(np.concatenate([each.x for each in found]), np.concatenate([each.y for each in found]))


@pytest.mark.parametrize("kind", FOLDERS)
def test_batches_of_a_folder_that_does_not_fit_are_the_arrays_of_one_that_does(
    kind: str, tmp_path: Path
) -> None:
    folder = FOLDERS[kind](tmp_path / "files")
    one, other = Dataset.of(folder), Dataset.of(folder, memory=LITTLE)
    for ours, theirs in ((one.train, other.train), (one.validation, other.validation)):
        assert isinstance(ours, Part)
        found = gathered(theirs)
        np.testing.assert_allclose(found.x, ours.x, atol=1e-5)
        np.testing.assert_array_equal(found.y, ours.y)
    assert one.rows is not None and other.rows is not None and one.rows.mark == other.rows.mark


def test_it_is_said_how_much_rows_would_take_and_that_they_are_read_in_batches(tmp_path: Path) -> None:
    data = Dataset.of(pictures(tmp_path), memory=LITTLE)
    (note,) = [each for each in data.notes if "batch by batch" in each]
    assert note.startswith("96 rows take 4.7 MB as arrays, 3 times that") and "1.0 MB may be taken" in note
    assert not [each for each in Dataset.of(tmp_path).notes if "batch by batch" in each]


def test_an_epoch_comes_in_the_order_that_is_asked_for_in_batches_of_any_size(tmp_path: Path) -> None:
    train = Dataset.of(pictures(tmp_path), memory=LITTLE).train
    assert isinstance(train, Stream) and train.sized and train.n is not None
    order = np.random.default_rng(0).permutation(train.n)
    batches = train.epoch(7, order)
    found = [batches[place] for place in range(batches.num_batches)]
    assert [len(y) for _, y in found] == [7] * (train.n // 7) + [train.n % 7]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in found]), gathered(train).x[order])


def test_what_is_looked_at_first_has_all_classes_although_folders_come_one_by_one(tmp_path: Path) -> None:
    train = Dataset.of(pictures(tmp_path), memory=LITTLE).train
    assert isinstance(train, Stream)
    assert set(train.first().y) == {0, 1} and len(train.y) == train.n


def test_a_file_that_is_gone_when_its_batch_is_needed_is_named(tmp_path: Path) -> None:
    paths = sorted(pictures(tmp_path).glob("*/*.png"))
    paths[3].unlink()
    read = Pictures(paths, (64, 64, 3))
    with pytest.raises(DataError, match=r"\.png could be read before, and now cannot: .*Put it back"):
        read(np.arange(5))


def test_images_are_read_once_and_trained_on_from_disk(tmp_path: Path) -> None:
    one, other = Dataset.of(pictures(tmp_path)), Dataset.of(tmp_path, memory=LITTLE)
    for path in tmp_path.glob("*/*.png"):
        path.unlink()
    assert isinstance(one.train, Part)
    np.testing.assert_allclose(gathered(other.train).x, one.train.x, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("images", "each file is opened whenever"), ("sounds", "they are prepared anew whenever")],
)
def test_rows_that_the_disk_does_not_take_are_read_from_their_files_each_time(
    kind: str, said: str, tmp_path: Path
) -> None:
    one = Dataset.of(FOLDERS[kind](tmp_path))
    with files_may_have(200_000):
        other = Dataset.of(tmp_path, memory=LITTLE)
    (note,) = [each for each in other.notes if "File too large" in each]
    assert said in note and not any("cannot be read" in each for each in other.notes)
    assert isinstance(one.train, Part) and isinstance(other.train, Stream)
    np.testing.assert_allclose(gathered(other.train).x, one.train.x, atol=1e-5)


def test_an_order_in_runs_has_each_row_once_and_neighbours_near_each_other() -> None:
    order = in_runs(1_003, 10, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(order), np.arange(1_003))
    np.testing.assert_array_equal(order, in_runs(1_003, 10, 4, np.random.default_rng(0)))
    first = np.unique(order[:40] // 10)
    assert len(first) == 4 and not np.array_equal(np.sort(order[:40]), order[:40])


def test_damaged_images_are_left_out_and_counted_without_being_kept(tmp_path: Path) -> None:
    broken = pictures(tmp_path) / "cat" / "000.png"
    broken.write_bytes(broken.read_bytes()[:60])
    data = Dataset.of(tmp_path, memory=LITTLE)
    assert isinstance(data.train, Stream)
    assert (data.train.n or 0) + (data.validation.n or 0) == 95
    assert any(note.startswith("1 of 96 files cannot be read") for note in data.notes)


def test_words_of_a_frame_in_memory_that_would_make_wide_rows_are_prepared_batch_by_batch() -> None:
    chance, words = np.random.default_rng(0), [f"word{number}" for number in range(600)]
    said = [" ".join(chance.choice(words, 8)) for _ in range(400)]
    frame = pd.DataFrame({"said": said, "size": chance.normal(size=400), "y": np.arange(400) % 2})
    one, other = (
        Dataset.of(frame, target="y", types={"said": "text"}, memory=limit) for limit in (None, LITTLE)
    )
    assert isinstance(one.validation, Part) and isinstance(other.validation, Stream)
    np.testing.assert_allclose(gathered(other.validation).x, one.validation.x, atol=1e-6)


def test_it_is_said_that_words_are_learnt_from_a_sample_of_texts_that_stay_in_their_files(
    tmp_path: Path,
) -> None:
    (note,) = [
        each for each in Dataset.of(texts(tmp_path), memory=LITTLE).notes if "Words are learnt" in each
    ]
    assert note.startswith("Words are learnt from 200,000 texts that train at most")
    assert not [each for each in Dataset.of(tmp_path).notes if "Words are learnt" in each]


def test_progress_of_reading_is_told_through_a_dataset(tmp_path: Path) -> None:
    image(tmp_path / "cat" / "a.png")
    image(tmp_path / "dog" / "b.png")
    told: list[tuple[int, int]] = []
    Dataset.of(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_values_that_stay_in_files_are_chosen_by_index_and_read_as_an_array() -> None:
    read: list[int] = []

    def lines(rows: np.ndarray) -> np.ndarray:
        read.extend(rows.tolist())
        return rows * 10

    stored = Stored(lines, np.arange(100), (), np.dtype(int))
    some = stored[10:20][np.array([3, 1])]
    assert not read and len(some) == 2
    assert np.asarray(some).tolist() == [130, 110] and read == [13, 11]


def test_rows_of_a_preparation_take_the_bytes_that_they_are_said_to_take() -> None:
    for modality in ("table", "image", "audio"):
        rows = raw(modality)
        preparation = Preparation.fit(rows, np.arange(20))
        made = keras.tree.flatten(preparation.arrays(rows))
        assert preparation.row_bytes == sum(each[0].nbytes for each in made)


def test_threads_prepare_groups_beside_each_other_and_each_once() -> None:
    source = Meeting()
    batches = Batches(source, 2, np.arange(8))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(batches.__getitem__, range(4)))
    assert [x.tolist() for x, _ in found] == [[0, 1], [2, 3], [4, 5], [6, 7]] and sorted(source.asked) == [
        0,
        4,
    ]


def test_a_group_that_could_not_be_prepared_is_tried_again() -> None:
    source = Meeting()
    batches = Batches(source, 2, np.arange(8))
    source.both.abort()
    with pytest.raises(threading.BrokenBarrierError):
        batches[0]
    source.both = threading.Barrier(1)
    assert batches[1][0].tolist() == [2, 3]
