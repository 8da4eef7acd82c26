"""What a generated motion is worth: exact checks, smoothness, a trained evaluator, copies."""
