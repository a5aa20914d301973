"""Plots. Signal plots stand on pyqtgraph; the rest is painted from the tokens. Imported by pages, never at the start.

Import from the modules, so that a page loads only what it draws with: `signal_plot`, `live_plot`, `overview`,
`heat_map`, `score_plot`, `confusion`, `arena_map`, `line_plot`, `scatter`, `tracks`.
"""
