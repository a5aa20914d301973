"""The virtual board: a program of its own that speaks Mote Link and infers with the real TFLM interpreter."""
