# SPDX-License-Identifier: Apache-2.0
"""Frames in order: which subject it is (tracker, keys), that its edge is steady (steady, motion),
and its matte, frame by frame (session). Knows arrays."""

from .keys import Key
from .session import FrameResult, SessionOptions, VideoSession

__all__ = ["FrameResult", "Key", "SessionOptions", "VideoSession"]
