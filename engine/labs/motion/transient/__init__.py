"""A persistent channel that plans, and a transient one that is opened for what a hand does."""
