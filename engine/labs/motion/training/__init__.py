"""The trainings that reproduce what ships: the evaluator, the denoisers, and KMM in two parts."""
