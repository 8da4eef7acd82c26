"""The pages of the lab: prose and panels on top of ``engine``."""
