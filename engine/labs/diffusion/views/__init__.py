"""Results of the experiments as figures and sentences."""
