"""The trainings that reproduce what ships: the embedded models and the attribute judge."""
