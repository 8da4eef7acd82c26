"""What an experiment of the motion lab is asked."""
