"""What chance alone explains: null distributions, debiased effects, intervals."""
