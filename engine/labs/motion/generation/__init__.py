"""From words to motion: denoising, unmasking, and clips longer than a model makes at once."""
