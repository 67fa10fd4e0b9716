"""Sequences: FASTA of any length and count, labels beside it, and columns of letters."""

import contextlib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoopt.data.files import read
from autoopt.errors import DataError
from tests.counts import FULL
from tests.data.files.test_folders import text

PEPTIDES = ["NA", "GHK", "KRAYS", "NAN", "MV", "WW"]


def fasta(path: Path, sequences: list[str], header: str = ">s{n} {label}") -> Path:
    records = (f"{header.format(n=n, label='ab'[n % 2])}\n{letters}\n" for n, letters in enumerate(sequences))
    return text(path, "".join(records))


def noted(raw: object, start: str) -> str:
    return next((note for note in raw.notes if note.startswith(start)), "")  # type: ignore[attr-defined]


def test_a_few_short_peptides_are_sequences_and_none_is_taken_for_nothing(tmp_path: Path) -> None:
    raw = read(fasta(tmp_path / "a.fasta", PEPTIDES))
    assert (raw.schema.modality, raw.schema.columns[0].kind) == ("sequence", "sequence")
    assert raw.schema.alphabet == "ACDEFGHIKLMNPQRSTVWY" and raw.x["sequence"].tolist() == PEPTIDES
    assert noted(raw, "The letters of 'sequence' are taken for protein")
    assert read(tmp_path / "a.fasta", schema=raw.schema).x["sequence"].tolist() == PEPTIDES


def test_ids_may_repeat_and_that_is_said(tmp_path: Path) -> None:
    raw = read(fasta(tmp_path / "a.fasta", PEPTIDES, ">same {label}"))
    assert (raw.schema.modality, raw.n) == ("sequence", 6)
    assert noted(raw, "1 id comes more than once: 'same'")


def test_where_headers_name_labels_what_others_have_is_none(tmp_path: Path) -> None:
    headers = [">s1 label=hot", ">s2 label=cold", ">s3 Homo sapiens", ">s4 label=hot", ">s5 label=cold"]
    path = text(tmp_path / "a.fasta", "".join(f"{header}\nACGTACGTAC\n" for header in headers))
    raw = read(path)
    assert (raw.schema.classes, raw.n) == (("cold", "hot"), 4)


@pytest.mark.parametrize(
    "header", [">s{n} label={label}", ">s{n}|label={label}", ">s{n} len=3 class={label} organism=yeast", '>s{n} [label="{label}"]']
)  # fmt: skip
def test_a_label_may_be_named_in_its_header(tmp_path: Path, header: str) -> None:
    raw = read(fasta(tmp_path / "a.fasta", PEPTIDES, header))
    assert raw.schema.classes == ("a", "b") and raw.y is not None and raw.y.tolist() == [0, 1] * 3
    assert raw.table is None and not noted(raw, "1 id comes more than once")


def test_records_without_letters_are_rows_and_counted(tmp_path: Path) -> None:
    raw = read(fasta(tmp_path / "a.fasta", ["ACGT", "", "AC", ""]))
    assert raw.n == 4 and noted(raw, "2 of 4 records have no letters")


@pytest.mark.parametrize("name", ["a_labels.csv", "labels.csv", "labels.tsv"])
def test_labels_may_stand_in_a_file_beside_the_sequences(tmp_path: Path, name: str) -> None:
    path = fasta(tmp_path / "a.fasta", PEPTIDES, ">00{n} of something")
    rows = [["ID", "from", "Class"], *([f"00{n}", "x", ["no", "yes"][n % 2]] for n in range(5))]
    text(tmp_path / name, "\n".join(("\t" if name.endswith("tsv") else ",").join(row) for row in rows))
    raw = read(path)
    assert raw.schema.classes == ("no", "yes") and raw.y is not None and raw.y.tolist() == [0, 1, 0, 1, 0]
    assert noted(raw, f"Labels are 'Class' of {name}, by 'ID'.") and noted(raw, "1 of 6 rows has no label")
    again = read(path, schema=raw.schema)
    assert again.y is not None and again.y.tolist() == [0, 1, 0, 1, 0, -1]


def test_a_file_of_labels_finds_an_id_between_bars(tmp_path: Path) -> None:
    path = fasta(tmp_path / "a.fasta", PEPTIDES, ">sp|P{n}|NAME_{n} a protein")
    text(tmp_path / "labels.csv", "id,label\n" + "".join(f"P{n},{'ab'[n % 2]}\n" for n in range(6)))
    raw = read(path)
    assert raw.y is not None and raw.y.tolist() == [0, 1, 0, 1, 0, 1]


def test_another_file_of_labels_is_no_matter_to_who_predicts(tmp_path: Path) -> None:
    schema = read(fasta(tmp_path / "train.fasta", PEPTIDES)).schema
    text(tmp_path / "labels.csv", "id,label\nz1,a\nz2,b\n")
    new = read(fasta(tmp_path / "new.fasta", PEPTIDES, ">s{n}"), schema=schema)
    assert (new.n, new.y, new.notes) == (6, None, ())


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            "id,label\nz1,a\n",
            "labels.csv has a label of none of the 6 records of a.fasta.*Expected their ids",
        ),
        (
            "id,label\ns1,a\ns1,b\n",
            "gives 's1' the labels 'a' and 'b'. Expected one label an id. Delete the row",
        ),
        ("id\ns1\ns2\n", "labels.csv has the column 'id' alone. Expected"),
    ],
)
def test_labels_that_do_not_fit_their_sequences_are_refused(
    tmp_path: Path, labels: str, message: str
) -> None:
    text(tmp_path / "labels.csv", labels)
    with pytest.raises(DataError, match=message):
        read(fasta(tmp_path / "a.fasta", PEPTIDES))


@pytest.mark.parametrize(
    ("said", "modality", "alphabet"),
    [
        ("dna", "sequence", "ACGT"),
        ("rna", "sequence", "ACGU"),
        ("protein", "sequence", "ACDEFGHIKLMNPQRSTVWY"),
        ("sequence", "sequence", "ACGT"),
        ("text", "text", ""),
    ],
)
def test_what_letters_are_is_as_the_user_says(
    said: str, modality: str, alphabet: str, tmp_path: Path
) -> None:
    path = fasta(tmp_path / "a.fasta", ["ACG", "CA", "GAT", "AAC"])
    frame = pd.DataFrame({"sequence": ["ACG", "CA", "GAT", "AAC"], "label": list("abab")})
    for source in (path, frame):
        schema = read(source, types={"sequence": said}).schema
        assert (schema.modality, schema.alphabet) == (modality, alphabet)


def test_letters_that_the_model_does_not_know_are_counted(tmp_path: Path) -> None:
    bases = fasta(tmp_path / "dna.fasta", ["ACGTN", "acg", "GAT", "AAC"])
    schema = read(bases).schema
    new = read(fasta(tmp_path / "new.fasta", ["ACGL", "LQ"], ">s{n}"), schema=schema)
    assert new.notes == (
        "Column 'sequence' has 3 of 6 letters that are none of DNA: 'L', 'Q'. Nothing is known of them.",
    )
    assert read(bases, schema=schema).notes == ()


@settings(
    max_examples=1_000 if FULL else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(records=st.text("> |\nACGTacgtNAé1", max_size=80), labels=st.text('id,label\n;s0"x', max_size=40))
def test_whatever_is_in_the_files_is_read_or_refused(tmp_path: Path, records: str, labels: str) -> None:
    text(tmp_path / "labels.csv", labels)
    with contextlib.suppress(DataError):
        raw = read(text(tmp_path / "a.fasta", f">s0 a\nACGT\n>s1 b\n{records}"))
        assert raw.schema.modality == "sequence" and raw.n == len(raw.x["sequence"])


def test_a_sequence_beside_other_columns_is_refused() -> None:
    frame = pd.DataFrame({"seq": ["ACG", "CA"] * 9, "size": range(18), "label": ["a", "b"] * 9})
    with pytest.raises(DataError, match=r"'seq' is a sequence and stands beside 'size'\. Expected .*alone"):
        read(frame, types={"seq": "dna"})
    assert read(frame, types={"seq": "dna"}, drop="size").schema.alphabet == "ACGT"
