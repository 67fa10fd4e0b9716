"""Writes the files of a field's data set, and prints the commands that learn from them and what was measured.

python -m examples.fields text_bbc
"""

import sys
from pathlib import Path

from benchmarks.fields.command import told
from examples.fields import FIELDS


def main(words: list[str]) -> int:
    """Write a data set into the folder `field_data`, or list them."""
    if len(words) != 1 or words[0] not in FIELDS:
        print("Name one data set:", *FIELDS, file=sys.stderr)
        return 2
    (name,) = words
    example = FIELDS[name]
    folder = Path("field_data", name)
    folder.mkdir(parents=True, exist_ok=True)
    train, tests = example.write(folder)
    print(
        *example.commands(name, train, tests),
        "",
        "Measured by python -m benchmarks fields:",
        *told(name),
        sep="\n",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
