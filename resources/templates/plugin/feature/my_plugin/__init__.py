"""How strong a signal is in one band of frequencies."""
