"""What somebody else may have written: read within bounds as plain data, and told so that a terminal only shows it."""

from autoopt.untrusted.archives import check_archive, member_names, read_arrays
from autoopt.untrusted.files import Unreadable, damage, inside, is_inside, make_way, read_bytes
from autoopt.untrusted.plain import Unbounded, finite, fit, is_number, parse, read_json
from autoopt.untrusted.text import brief, escaped, printable, shown

__all__ = [
    "Unbounded", "Unreadable", "brief", "check_archive", "damage", "escaped", "finite", "fit", "inside", "is_inside",
    "is_number", "make_way", "member_names", "parse", "printable", "read_arrays", "read_bytes", "read_json", "shown",
]  # fmt: skip
