"""Real data of each field, from its files to a tuned starter, beside scikit-learn."""
