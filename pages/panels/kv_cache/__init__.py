"""The eight views of the KV-cache page."""
