"""Model files to tune and to read; `fields` has data of each field."""
