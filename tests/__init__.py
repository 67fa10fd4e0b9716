"""Tests. A package, because a distribution may install one of this name: the nearer of two packages is taken."""
