"""Starters as they are, before any search."""
