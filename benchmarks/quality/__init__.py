"""What a search finds in the same minutes: autoopt from the plain model, its peers from a space written by hand."""
