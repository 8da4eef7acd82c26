"""The optional language model: an endpoint or a local model reads passages, notes and questions."""
