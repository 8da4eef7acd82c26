"""Results as figures and sentences; nothing here loads torch."""
