"""How good a model is: error rates, thresholds at a false match rate, protocols and plots."""
