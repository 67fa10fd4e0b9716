"""Folders of images, sounds and texts, and sequences: read, read again, and refused where they are wrong."""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoopt.data.files import describe, read, read_parts, write
from autoopt.errors import DataError

CHANCE = np.random.default_rng(0)
CLASSES = ("cat", "dog")


def image(path: Path, size: tuple[int, int] = (8, 6), mode: str = "RGB", **saved: Any) -> Path:
    """Write an image of one colour, (width, height)."""
    images = pytest.importorskip("PIL.Image")
    path.parent.mkdir(parents=True, exist_ok=True)
    images.new(mode, size, 128 if mode in ("L", "I;16") else (250, 20, 20)[: len(mode)]).save(path, **saved)
    return path


def sound(path: Path, samples: int = 800, rate: int = 8_000, channels: int = 1, width: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.5 * np.sin(np.arange(samples * channels) / 5)
    made = ((tone + 1) * 127).astype("u1") if width == 1 else (tone * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels), file.setsampwidth(width), file.setframerate(rate)
        file.writeframes(made.tobytes())
    return path


def text(path: Path, content: str = "some words") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def filled(folder: Path, write: Callable[..., Path], ending: str, n: int = 3, **how: Any) -> Path:
    for name in CLASSES:
        for number in range(n):
            write(folder / name / f"{number}{ending}", **how)
    return folder


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".gif", ".webp"])
def test_images_are_bytes_of_one_size_with_the_classes_of_their_folders(tmp_path: Path, ending: str) -> None:
    raw = read(filled(tmp_path, image, ending))
    assert raw.x["image"].shape == (6, 6, 8, 3) and raw.x["image"].dtype == np.uint8
    assert (raw.schema.modality, raw.schema.classes, raw.schema.shape) == ("image", CLASSES, (6, 8, 3))
    assert raw.y is not None and raw.y.tolist() == [0, 0, 0, 1, 1, 1]
    assert raw.names[4] == f"dog/1{ending}"
    assert raw.x["image"][0, 0, 0] == pytest.approx([250, 20, 20], abs=12)


def test_images_of_several_sizes_are_brought_to_the_median(tmp_path: Path) -> None:
    filled(tmp_path, image, ".png", size=(40, 20))
    image(tmp_path / "cat" / "large.png", (400, 300))
    raw = read(tmp_path)
    assert raw.schema.shape == (20, 40, 3)
    assert any("Images of 2 sizes are brought to 20 × 40, in colour" in note for note in raw.notes)
    assert read(tmp_path, types={"image": "5x7"}).schema.shape == (5, 7, 3)


def test_large_images_are_brought_to_128_pixels(tmp_path: Path) -> None:
    assert read(filled(tmp_path, image, ".png", size=(512, 256))).schema.shape == (64, 128, 3)


@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_grey_images_have_one_channel(tmp_path: Path, mode: str) -> None:
    assert read(filled(tmp_path, image, ".png", mode=mode)).schema.shape == (6, 8, 1)


def test_sounds_have_one_rate_and_length(tmp_path: Path) -> None:
    filled(tmp_path, sound, ".wav")
    sound(tmp_path / "cat" / "other.wav", 4_000, 16_000, channels=2)
    sound(tmp_path / "dog" / "bytes.wav", 400, width=1)
    raw = read(tmp_path)
    assert raw.schema.rate == 8_000 and raw.x["audio"].dtype == np.float32
    length = raw.schema.shape[0]
    assert raw.x["audio"].shape == (8, length) and 800 < length < 2_000
    assert np.abs(raw.x["audio"]).max() <= 1 and np.abs(raw.x["audio"][:, :300]).max(axis=1).min() > 0.3
    assert not raw.x["audio"][0, 800:].any()
    assert any("16,000 samples a second are brought to 8,000" in note for note in raw.notes)


def test_flac_is_read_as_wav_is(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    tone = 0.5 * np.sin(np.arange(800) / 5)
    for name in CLASSES:
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "a.flac", tone, 8_000)
    raw = read(tmp_path)
    np.testing.assert_allclose(raw.x["audio"][0], tone, atol=1e-3)


def test_texts_are_read_whole(tmp_path: Path) -> None:
    filled(tmp_path, text, ".txt", content="Blåbær\nand more ")
    raw = read(tmp_path)
    assert (raw.schema.modality, raw.schema.columns[0].kind) == ("text", "text")
    assert raw.x["text"][0] == "Blåbær\nand more"


@pytest.mark.parametrize("header", [">{id} {label}", ">{id}|{label}"])
def test_sequences_have_the_labels_of_their_headers(tmp_path: Path, header: str) -> None:
    bases = ["".join(CHANCE.choice(list("ACGT"), 40)) for _ in range(30)]
    rows = [
        header.format(id=f"s{n}", label="ab"[n % 2]) + f"\n{each[:30]}\n{each[30:].lower()}\n"
        for n, each in enumerate(bases)
    ]
    raw = read(text(tmp_path / "a.fasta", "".join(rows)))
    assert (raw.schema.modality, raw.schema.alphabet, raw.schema.classes) == ("sequence", "ACGT", ("a", "b"))
    assert list(raw.x) == ["sequence"] and raw.x["sequence"].tolist() == bases
    unlabelled = text(tmp_path / "new.fasta", f">one\n{bases[0]}\n")
    assert read(unlabelled, schema=raw.schema).y is None


FORMS = {"image": (image, ".png"), "audio": (sound, ".wav"), "text": (text, ".txt")}


@pytest.mark.parametrize("modality", FORMS)
def test_files_are_read_again_without_folders_of_classes(tmp_path: Path, modality: str) -> None:
    write_one, ending = FORMS[modality]
    raw = read(filled(tmp_path / "train", write_one, ending))
    new = write_one(tmp_path / "new" / f"a{ending}")
    for given in (new, new.parent):
        again = read(given, schema=raw.schema)
        assert (again.n, again.y, list(again.names)) == (1, None, [f"a{ending}"])
        np.testing.assert_array_equal(again.x[modality][0], raw.x[modality][0])
    write(tmp_path / "out.csv", again, {"label": ["cat"]})
    header = (tmp_path / "out.csv").read_text().splitlines()
    assert header == ["file,label", f"a{ending},cat"]


@pytest.mark.parametrize("modality", FORMS)
def test_what_is_shown_of_files_is_a_row_for_each_side(tmp_path: Path, modality: str) -> None:
    write_one, ending = FORMS[modality]
    rows = describe(read(filled(tmp_path, write_one, ending)))
    assert [row["name"] for row in rows] == [modality, "folder"]
    assert rows[1]["examples"] == "cat, dog"


def test_parts_are_taken_as_folders_give_them(tmp_path: Path) -> None:
    for part, n in (("train", 3), ("valid", 1), ("test", 2)):
        filled(tmp_path / part, text, ".txt", n)
    text(tmp_path / "test" / "bird" / "0.txt")
    parts = read_parts(tmp_path)
    assert parts.validation is not None and parts.test is not None
    assert (parts.train.n, parts.validation.n, parts.test.n) == (6, 2, 4)
    assert parts.test.y is not None and parts.test.y.tolist() == [0, 0, 1, 1]
    with pytest.raises(DataError, match=r"has parts .*train.*Use read_parts"):
        read(tmp_path)


def test_files_that_cannot_be_read_are_left_out_and_listed(tmp_path: Path) -> None:
    filled(tmp_path, image, ".png")
    (tmp_path / "cat" / "a.png").write_bytes(b"")
    (tmp_path / "dog" / "b.png").write_bytes(b"GIF89a no")
    cut = (tmp_path / "dog" / "0.png").read_bytes()[:40]
    (tmp_path / "dog" / "c.png").write_bytes(cut)
    raw = read(tmp_path)
    assert raw.n == 6 and raw.y is not None and raw.y.tolist() == [0, 0, 0, 1, 1, 1]
    note = next(each for each in raw.notes if "cannot be read" in each)
    assert note.startswith("3 of 9 files cannot be read") and "cat/a.png" in note and "dog/c.png" in note


def test_sounds_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    filled(tmp_path, sound, ".wav")
    (tmp_path / "cat" / "a.wav").write_bytes(b"")
    (tmp_path / "cat" / "b.wav").write_bytes((tmp_path / "cat" / "0.wav").read_bytes()[:30])
    sound(tmp_path / "cat" / "c.wav", 0)
    raw = read(tmp_path)
    assert raw.n == 6 and any(note.startswith("3 of 9 files cannot be read") for note in raw.notes)


def test_an_image_that_would_fill_the_memory_is_left_out(tmp_path: Path) -> None:
    filled(tmp_path, image, ".png", size=(4, 4))
    image(tmp_path / "cat" / "bomb.png", (9_000, 9_000), "L")
    raw = read(tmp_path)
    assert raw.n == 6 and any(
        "9,000 × 9,000 pixels. Expected 50,000,000 at most" in note for note in raw.notes
    )


def test_a_file_that_is_no_image_whatever_it_is_called_is_not_run(tmp_path: Path) -> None:
    filled(tmp_path, image, ".png")
    (tmp_path / "cat" / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    assert any("1 of 7 files cannot be read" in note for note in read(tmp_path).notes)


def test_folders_without_files_and_other_files_are_said(tmp_path: Path) -> None:
    filled(tmp_path, text, ".txt")
    (tmp_path / "bird").mkdir()
    text(tmp_path / "cat" / "notes.md")
    text(tmp_path / "README.txt")
    raw = read(tmp_path)
    assert raw.schema.classes == CLASSES
    told = " ".join(raw.notes)
    assert "bird has no texts and is left out" in told and "'notes.md'" in told
    assert "Files beside the folders of classes are left out: 1." in told


def test_texts_that_are_empty_or_not_utf_8_are_counted_and_listed(tmp_path: Path) -> None:
    filled(tmp_path, text, ".txt")
    text(tmp_path / "cat" / "a.txt", "  \n")
    (tmp_path / "dog" / "b.txt").write_bytes("déjà vu".encode("cp1252"))
    raw = read(tmp_path)
    assert raw.n == 8 and "déjà vu" in raw.x["text"]
    assert any(note.startswith("1 of 8 texts is empty: 'cat/a.txt'.") for note in raw.notes)
    assert any(
        note.startswith("1 of 8 texts is not UTF-8 and was read as Windows-1252: 'dog/b.txt'.")
        for note in raw.notes
    )


def one_class(folder: Path, *empty: str) -> Path:
    for name in empty:
        (folder / name).mkdir()
    return text(folder / "cat" / "a.txt").parent.parent


def one_class_readable(folder: Path) -> Path:
    filled(folder, image, ".png")
    for path in (folder / "dog").iterdir():
        path.write_bytes(b"")
    return folder


def without_classes(folder: Path) -> Path:
    return image(folder / "a.png").parent


def two_kinds(folder: Path) -> Path:
    return filled(filled(folder, image, ".png"), sound, ".wav")


def damaged(folder: Path) -> Path:
    filled(folder, text, ".txt")
    for name in CLASSES:
        for path in (folder / name).iterdir():
            path.rename(path.with_suffix(".png"))
    return folder


REFUSED: dict[str, tuple[Callable[[Path], Path], dict[str, Any], str]] = {
    "an empty folder": (lambda folder: folder, {}, "no images, sounds or texts in it. Expected a folder for each class"),
    "no classes": (without_classes, {}, "has images .1. and no folders of classes.*Move the files"),
    "one class": (one_class, {}, "texts of one class alone, 'cat'. Expected texts of two classes or more.*into a second folder"),
    "an empty class": (lambda folder: one_class(folder, "dog"), {}, "one class alone, 'cat': 'dog' has none. Expected.*that have none"),
    "empty classes": (lambda folder: one_class(folder, "dog", "bird"), {}, "'bird', 'dog' have none"),
    "a class that cannot be read": (one_class_readable, {}, "images of one class alone, 'cat': none of 'dog' can be read"),
    "two kinds": (two_kinds, {}, r"has (images|sounds) \(6\) and (images|sounds) \(6\). Expected one kind"),
    "nothing readable": (damaged, {}, "None of 6 files can be read; the first is .*cat/0.png"),
    "a target": (lambda folder: filled(folder, text, ".txt"), {"target": "y"}, "target was given 'y' for the folder"),
    "numbers": (lambda folder: filled(folder, text, ".txt"), {"task": "regression"}, "Expected classes"),
    "a size beyond what is read again": (
        lambda folder: filled(folder, image, ".png"), {"types": {"image": "2400x2400"}}, "up to 5,592,405 pixels",
    ),
    "no size": (lambda folder: filled(folder, image, ".png"), {"types": {"image": "big"}}, r"types\[.image.\] was given .big."),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_folder_that_cannot_be_learnt_from_is_refused(case: str, tmp_path: Path) -> None:
    make, arguments, message = REFUSED[case]
    with pytest.raises(DataError, match=f"(?s){message}"):
        read(make(tmp_path), **arguments)


def test_files_of_another_kind_than_in_training_are_refused(tmp_path: Path) -> None:
    schema = read(filled(tmp_path / "train", image, ".png")).schema
    with pytest.raises(DataError, match=r"has texts\. Expected images, as in training"):
        read(text(tmp_path / "new" / "a.txt").parent, schema=schema)
    text(tmp_path / "new" / "a.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"a.csv is a table. Expected image"):
        read(tmp_path / "new" / "a.csv", schema=schema)


def test_progress_counts_files(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    read(filled(tmp_path, text, ".txt"), progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 6) for done in range(1, 7)]
