"""The widgets that pages are composed of: real, focusable, reachable by keyboard, painted from the tokens."""

from motestudio.gui.widgets.bars import Bar, BudgetBar, Figure, part_ink
from motestudio.gui.widgets.buttons import Button, IconButton, PaintedButton, RecordButton
from motestudio.gui.widgets.canvas import Canvas, Painted, number_width, text_width
from motestudio.gui.widgets.choices import Chip, Choice, Segmented, Toggle
from motestudio.gui.widgets.fields import NoteField, NumberField, Slider, SliderField, TextField, labelled
from motestudio.gui.widgets.labels import ElidedText, FittingText, Number, Text
from motestudio.gui.widgets.marks import IconMark, KeyCap, KeyHints, Separator, StatusDot, Swatch, Tag, VerdictMark
from motestudio.gui.widgets.meters import LevelMeter, Sparkline
from motestudio.gui.widgets.notices import Banner, EmptyState
from motestudio.gui.widgets.parts import PartsGroup
from motestudio.gui.widgets.rows import ClassRow, FactRow, Row, RowList, ScoreRow
from motestudio.gui.widgets.sections import Column, KeyValue, PageBar, SectionHeader, scrolled
from motestudio.gui.widgets.stage_card import CardFacts, FlowArrow, StageCard

__all__ = [
    "Banner",
    "Bar",
    "BudgetBar",
    "Button",
    "Canvas",
    "CardFacts",
    "Chip",
    "Choice",
    "ClassRow",
    "Column",
    "ElidedText",
    "EmptyState",
    "FactRow",
    "Figure",
    "FittingText",
    "FlowArrow",
    "IconButton",
    "IconMark",
    "KeyCap",
    "KeyHints",
    "KeyValue",
    "LevelMeter",
    "NoteField",
    "Number",
    "NumberField",
    "PageBar",
    "Painted",
    "PaintedButton",
    "PartsGroup",
    "RecordButton",
    "Row",
    "RowList",
    "ScoreRow",
    "SectionHeader",
    "Segmented",
    "Separator",
    "Slider",
    "SliderField",
    "Sparkline",
    "StageCard",
    "StatusDot",
    "Swatch",
    "Tag",
    "Text",
    "TextField",
    "Toggle",
    "VerdictMark",
    "labelled",
    "number_width",
    "part_ink",
    "scrolled",
    "text_width",
]
