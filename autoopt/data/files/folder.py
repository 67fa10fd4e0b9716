"""What a folder holds: parts, classes, and files of one kind in them."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autoopt.data.tables.listing import some
from autoopt.errors import DataError
from autoopt.schema import SPOKEN, Modality
from autoopt.untrusted import shown

TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
"""Endings of tables, which may also be the labels of sequences beside them."""

SEQUENCES = (".fasta", ".fa", ".fna", ".faa", ".fas")
"""Endings of FASTA, which a folder has none of: one file holds all sequences."""

ENDINGS: Mapping[Modality, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"),
    "audio": (".wav", ".flac", ".ogg", ".mp3"),
    "text": (".txt",),
}
MODALITIES: Mapping[str, Modality] = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}

PARTS = {
    "train": ("train", "training"), "validation": ("val", "valid", "validation", "dev"), "test": ("test", "testing"),
}  # fmt: skip
"""What folders of parts are called."""

LAYOUT = "a folder for each class, with its images, sounds or texts in it"


@dataclass(frozen=True)
class Files:
    """Files of one kind.

    Attributes:
        modality: Which kind.
        paths: In order.
        folder: What their names are told from.
        classes: One a file; None where no folders name them.
        notes: One sentence each.
        empty: Names of folders that have no such file in them.
    """

    modality: Modality
    paths: tuple[Path, ...]
    folder: Path
    classes: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Each file as people find it."""
        return [path.relative_to(self.folder).as_posix() for path in self.paths]


def parts_of(folder: Path) -> dict[str, Path]:
    """Return the folders of the parts by the name of the part; none where there is none to train on.

    Raises:
        DataError: Two folders are the same part.
    """
    found: dict[str, list[Path]] = {}
    for path in _folders(folder):
        for part, spellings in PARTS.items():
            if path.name.casefold() in spellings:
                found.setdefault(part, []).append(path)
    if len(found) < 2 or "train" not in found:
        return {}
    for part, paths in found.items():
        if len(paths) > 1:
            raise DataError(
                f"{folder} has {len(paths)} folders for {part}: {', '.join(shown(path.name) for path in paths)}. Expected one. "
                "Put their files together, or move one elsewhere."
            )
    return {part: paths[0] for part, paths in found.items()}


def beside_parts(folder: Path) -> list[str]:
    """Return what is to be said of folders that stand beside parts and are none."""
    spellings = {name for names in PARTS.values() for name in names}
    others = [path.name for path in _folders(folder) if path.name.casefold() not in spellings]
    return [f"Folders beside the parts are left out: {some(others)}."] if others else []


def classes_in(folder: Path) -> list[str]:
    """Return the names of the folders in a folder that have a file in them."""
    return [path.name for path in _folders(folder) if _files(path)]


def listed(folder: Path, labelled: bool) -> Files:
    """Return the files in a folder.

    Args:
        folder: With a folder for each class in it.
        labelled: Whether there have to be classes; else files may lie in it side by side.

    Raises:
        DataError: There are no files that can be read, no classes, or files of several kinds.
    """
    classes = _folders(folder)
    by_class = {each.name: _files(each) for each in classes}
    loose = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    modality, others = _modality(folder, [*loose, *(path for each in by_class.values() for path in each)])
    kept = {name: [path for path in paths if _kind(path) == modality] for name, paths in by_class.items()}
    empty = [name for name, paths in kept.items() if not paths]
    notes = [f"{folder.name}/{name} has no {SPOKEN[modality]} and is left out." for name in empty[:5]]
    notes += [others] if others else []
    side_by_side = [path for path in loose if _kind(path) == modality]
    if any(kept.values()) and (labelled or not side_by_side):
        if side_by_side:
            notes.append(f"Files beside the folders of classes are left out: {len(side_by_side):,}.")
        pairs = [(path, name) for name, paths in kept.items() for path in paths]
        named = tuple(name for _, name in pairs)
        return Files(modality, tuple(p for p, _ in pairs), folder, named, tuple(notes), tuple(empty))
    if labelled:
        raise DataError(
            f"{folder} has {SPOKEN[modality]} ({len(side_by_side):,}) and no folders of classes. Expected {LAYOUT}. Move the "
            "files into folders that are named after their classes."
        )
    paths = [*side_by_side, *(path for paths in kept.values() for path in paths)]
    return Files(modality, tuple(paths), folder, None, tuple(notes))


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
    )


def _files(folder: Path) -> list[Path]:
    found = []
    for where, inside, names in os.walk(folder):  # links to folders are not followed: they may go round
        inside.sort()
        found += [Path(where, name) for name in sorted(names) if not name.startswith(".")]
    return [path for path in found if path.is_file()]  # a pipe would never end


def _kind(path: Path) -> Modality | None:
    return MODALITIES.get(path.suffix.lower())


def _modality(folder: Path, paths: list[Path]) -> tuple[Modality, str]:
    """Return the kind that most files have, and what is to be said of others."""
    counts = Counter(kind for path in paths if (kind := _kind(path)) is not None)
    if not counts:
        tables = [
            path.name for endings in (SEQUENCES, TABLES) for path in paths if path.suffix.lower() in endings
        ]
        advice = (
            f"Pass the file: {folder / tables[0]}" if tables else f"Known endings: {', '.join(MODALITIES)}"
        )
        raise DataError(f"{folder} has no images, sounds or texts in it. Expected {LAYOUT}. {advice}.")
    (first, most), *rest = counts.most_common()
    media = [kind for kind, count in rest if kind != "text" and count > most / 10]
    if media and first != "text":
        raise DataError(
            f"{folder} has {SPOKEN[first]} ({most:,}) and {SPOKEN[media[0]]} ({counts[media[0]]:,}). Expected one kind. Put them into "
            "folders of their own, and learn from one."
        )
    others = [path.name for path in paths if _kind(path) != first]
    if not others:
        return first, ""
    listing = ", ".join(shown(name) for name in others[:5]) + (", …" if len(others) > 5 else "")
    return first, f"{len(others):,} files are no {SPOKEN[first]} and are left out: {listing}."
