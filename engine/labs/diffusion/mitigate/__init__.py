"""Ways to keep copies from coming out: of the prompt, of the guidance, of the weights."""
