"""The panels of the lab pages: one view of a lab a file."""
