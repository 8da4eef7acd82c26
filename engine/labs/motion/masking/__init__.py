"""Which tokens of a clip are masked, and what a masked model makes of them."""
