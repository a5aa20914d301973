"""QPalette and style sheet for the standard Qt widgets, all from the tokens.

Hand-painted widgets are not styled here; this is for fields, menus, lists, tables, scroll bars and tool tips. No
style subclass: Qt would call back into Python for every metric of every widget.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPalette

if TYPE_CHECKING:
    from motestudio.gui.theme.core import Theme

_ROLES = {
    QPalette.ColorRole.Window: "surface",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "panel",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Button: "surface_raised",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "bad",
    QPalette.ColorRole.Highlight: "selection",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.ToolTipBase: "surface_raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.PlaceholderText: "text_muted",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Light: "surface_raised",
    QPalette.ColorRole.Mid: "line_strong",
    QPalette.ColorRole.Dark: "line_strong",
}


def palette(theme: Theme) -> QPalette:
    """The palette of the scheme in force."""
    made = QPalette()
    for role, token in _ROLES.items():
        made.setColor(role, theme.color(token))
    muted = QColor(theme.color("text_disabled"))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, muted)
    return made


_SHEET = Template("""
QWidget[surface="chrome"] { background: $chrome; }
QWidget[surface="panel"] { background: $panel; }
QWidget[surface="surface"] { background: $surface; }
QWidget[surface="sunken"] { background: $surface_sunken; }
QWidget[surface="raised"] { background: $surface_raised; }
QLabel { background: transparent; }
QLabel[ink="text"] { color: $text; }
QLabel[ink="text_secondary"] { color: $text_secondary; }
QLabel[ink="text_muted"] { color: $text_muted; }
QLabel[ink="text_disabled"] { color: $text_disabled; }
QLabel[ink="accent"] { color: $accent; }
QLabel[ink="ok"] { color: $ok; }
QLabel[ink="warn"] { color: $warn; }
QLabel[ink="bad"] { color: $bad; }
QScrollArea, QScrollArea > QWidget > QWidget[surface="clear"] { background: transparent; border: 0; }
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
  background: $surface; color: $text; border: 1px solid $line_strong; border-radius: 6px;
  padding: 0 9px; selection-background-color: $accent_fill; selection-color: $on_accent;
}
QLineEdit, QAbstractSpinBox, QComboBox { min-height: 30px; max-height: 30px; }
QPlainTextEdit, QTextEdit { padding: 4px 5px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
  border: 2px solid $accent; padding: 0 8px;
}
QPlainTextEdit:focus, QTextEdit:focus { padding: 3px 4px; }
QLineEdit[bare="true"] { border: 0; padding: 0; background: transparent; }
QLineEdit[invalid="true"] { border-color: $bad_mark; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: $text_disabled; background: $panel; }
QPlainTextEdit[log="true"] { border: 0; border-radius: 0; background: $surface_sunken; color: $text_secondary;
  padding: 8px 12px; }
QComboBox { combobox-popup: 0; }
QComboBox::drop-down { border: 0; width: 28px; }
QComboBox::down-arrow { image: none; }
QAbstractItemView { background: $surface_raised; color: $text; border: 1px solid $line_strong; outline: 0;
  selection-background-color: $selection; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 28px; padding: 0 8px; }
QComboBox { padding-left: 11px; }
QListView::item:hover, QComboBox QAbstractItemView::item:hover { background: $track; }
QListView::item:selected, QComboBox QAbstractItemView::item:selected { background: $selection; color: $text; }
QTableView, QTreeView, QListView[plain="true"] { background: $surface; border: 0; gridline-color: $line; color: $text;
  alternate-background-color: $surface; }
QTableView::item, QTreeView::item { padding: 0 8px; border: 0; }
QTreeView::item { min-height: 22px; }
QTableView::item:selected, QTreeView::item:selected { background: $selection; color: $text; }
QHeaderView { background: $surface; border: 0; }
QHeaderView::section { background: $surface; color: $text_muted; border: 0; border-bottom: 1px solid $line;
  padding: 4px 8px; }
QMenu { background: $surface_raised; color: $text; border: 1px solid $line_strong; border-radius: 6px; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $text_disabled; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QToolTip { background: $surface_raised; color: $text; border: 1px solid $line_strong; padding: 4px 6px; }
QScrollBar:vertical { background: transparent; width: 8px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 8px; margin: 0; }
QScrollBar::handle { background: $line_strong; border-radius: 2px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $text_disabled; }

  QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: transparent;
  width: 0; height: 0; }
QSplitter::handle { background: $line; }
QCheckBox { color: $text; spacing: 8px; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $line_strong; border-radius: 4px;
  background: $surface; }
QCheckBox::indicator:checked { background: $accent_fill; border-color: $accent_fill; }
QCheckBox:focus { outline: 2px solid $accent; }
""")


def sheet(theme: Theme) -> str:
    """The style sheet of the scheme in force."""
    return _SHEET.substitute(theme.scheme.colors)
