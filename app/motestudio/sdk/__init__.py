"""All that a plugin may import of ours.

A plugin is a folder with a ``plugin.toml``; its stages are classes that follow one of the Protocols here. Nothing
in this package reads or writes the project: a stage is given arrays and folders and returns arrays and facts.
"""

from motestudio.domain.labels import Segment
from motestudio.domain.params import Param, Value
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import Cancelled, PluginError
from motestudio.sdk.context import RunContext
from motestudio.sdk.data import TEST, TRAIN, VALIDATION, Clip, Deployable, FeatureSet, SignalInfo, WindowSet
from motestudio.sdk.quantise import quantise
from motestudio.sdk.stages import (
    ConvertStage,
    EvaluateStage,
    FeatureInfo,
    FeatureStage,
    ImporterStage,
    ModelStage,
    SegmenterStage,
    WindowStage,
)

API_VERSION = "1.0"
"""Manifests name the API they were written for: same major, minor no greater than this one's."""

__all__ = [
    "API_VERSION",
    "Cancelled",
    "Channel",
    "ChannelGroup",
    "Clip",
    "ConvertStage",
    "Deployable",
    "EvaluateStage",
    "FeatureInfo",
    "FeatureSet",
    "FeatureStage",
    "ImporterStage",
    "ModelStage",
    "Param",
    "PluginError",
    "RunContext",
    "Segment",
    "SegmenterStage",
    "SignalInfo",
    "TEST",
    "TRAIN",
    "VALIDATION",
    "Value",
    "WindowSet",
    "WindowStage",
    "quantise",
]
