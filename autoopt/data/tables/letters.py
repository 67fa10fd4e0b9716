"""Letters of sequences: which alphabet they are of, and how many are of none."""

from collections import Counter
from collections.abc import Iterable, Mapping

from autoopt.untrusted import shown

ALPHABETS: Mapping[str, str] = {"dna": "ACGT", "rna": "ACGU", "protein": "ACDEFGHIKLMNPQRSTVWY"}
"""What a user may say of a sequence, and its letters."""

UNCERTAIN = "NRYSWKMBDHV-"
BESIDES: Mapping[str, str] = {
    ALPHABETS["dna"]: UNCERTAIN,
    ALPHABETS["rna"]: UNCERTAIN,
    ALPHABETS["protein"]: "BXZJUO*-",
}
"""Letters that stand for several of an alphabet, or for a gap."""

CERTAIN = 0.8
"""Share of the letters of DNA that are bases, N or gaps: a peptide may be spelled with what stands for several bases."""


def upper(text: str) -> str:
    """Return a text with capital letters from A to Z, and others as they stand: the layers of a model do no more."""
    return text.encode(errors="surrogatepass").upper().decode(errors="surrogatepass")


def alphabet_of(sequences: Iterable[str]) -> str:
    """Return the letters of sequences: of DNA, RNA or proteins where they have no others, whatever is not certain.

    Example:
        >>> alphabet_of(["ACGTN", "acg"]), alphabet_of(["ACGU"]), alphabet_of(["KRAYS", "GHK"]), alphabet_of(["HHTH"])
        ('ACGT', 'ACGU', 'ACDEFGHIKLMNPQRSTVWY', 'ACDEFGHIKLMNPQRSTVWY')
    """
    counts = Counter(upper("".join(sequences)))
    for name, alphabet in ALPHABETS.items():
        plain = sum(counts[letter] for letter in {*alphabet, "N", "-"})
        if set(counts) <= {*alphabet, *BESIDES[alphabet]} and (
            name == "protein" or plain >= CERTAIN * counts.total()
        ):
            return alphabet
    return "".join(sorted(counts))


def spoken(alphabet: str) -> str:
    """Return what people call an alphabet, else its letters."""
    names = {letters: name for name, letters in ALPHABETS.items()}
    name = names.get(alphabet)
    return shown(alphabet) if name is None else name if name == "protein" else name.upper()


def strange(name: str, sequences: Iterable[str], alphabet: str) -> tuple[str, ...]:
    """Return what is to be said of letters that an alphabet has not.

    Args:
        name: Of the column.
        sequences: Its values.
        alphabet: That of the model.
    """
    counts = Counter(upper("".join(sequences)))
    known = {*alphabet, *BESIDES.get(alphabet, "")}
    others = {letter: count for letter, count in counts.most_common() if letter not in known}
    if not others:
        return ()
    listed = ", ".join(map(shown, list(others)[:5])) + (", …" if len(others) > 5 else "")
    return (
        f"Column {shown(name)} has {sum(others.values()):,} of {counts.total():,} letters that are none of "
        f"{spoken(alphabet)}: {listed}. Nothing is known of them.",
    )
