"""The embedded text-to-image models: their parts, and how any such folder is opened."""
