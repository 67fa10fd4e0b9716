"""`python -m autoopt` is the command line."""

from autoopt.cli import main

main()
