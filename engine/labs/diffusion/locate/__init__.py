"""Which weights a set of prompts uses more than others do: statistics, masks and their files."""
