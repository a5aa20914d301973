"""The verbs of the studio, one module per stage of the work, without Qt."""
