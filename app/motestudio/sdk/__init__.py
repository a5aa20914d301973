"""All that a plugin may import of ours.

A plugin is a folder with a ``plugin.toml``; its stages are classes that follow one of the Protocols here. Nothing
in this package reads or writes the project: a stage is given arrays and folders and returns arrays and facts.
"""

from motestudio.domain.classes import is_background
from motestudio.domain.labels import Segment
from motestudio.domain.params import Param, Value
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import Cancelled, PluginError
from motestudio.sdk.axes import triads
from motestudio.sdk.context import RunContext
from motestudio.sdk.data import TEST, TRAIN, VALIDATION, FeatureBlock, FeatureSet, SignalInfo, WindowSet, joined_shape
from motestudio.sdk.deployable import Clip, Deployable
from motestudio.sdk.quantise import quantise, reduce_scores
from motestudio.sdk.stages import (
    AugmentContext,
    AugmentStage,
    CompressStage,
    ConvertStage,
    Decoded,
    DecoderStage,
    EvaluateStage,
    ExporterStage,
    FeatureInfo,
    FeatureStage,
    ImporterStage,
    ModelInfo,
    ModelStage,
    SegmenterStage,
    StreamGuess,
    TargetStage,
    WindowInfo,
    WindowStage,
)
from motestudio.sdk.trained_model import TrainedModel

API_VERSION = "1.0"
"""Manifests name the API they were written for: same major, minor no greater than this one's."""

__all__ = [
    "API_VERSION",
    "AugmentContext",
    "AugmentStage",
    "Cancelled",
    "Channel",
    "ChannelGroup",
    "Clip",
    "CompressStage",
    "ConvertStage",
    "Decoded",
    "DecoderStage",
    "Deployable",
    "EvaluateStage",
    "ExporterStage",
    "FeatureBlock",
    "FeatureInfo",
    "FeatureSet",
    "FeatureStage",
    "ImporterStage",
    "ModelInfo",
    "ModelStage",
    "Param",
    "PluginError",
    "RunContext",
    "Segment",
    "SegmenterStage",
    "SignalInfo",
    "StreamGuess",
    "TEST",
    "TRAIN",
    "TargetStage",
    "TrainedModel",
    "VALIDATION",
    "Value",
    "WindowInfo",
    "WindowSet",
    "WindowStage",
    "is_background",
    "joined_shape",
    "quantise",
    "reduce_scores",
    "triads",
]
