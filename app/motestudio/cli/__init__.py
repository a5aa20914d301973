"""The command line: every verb, headless."""
