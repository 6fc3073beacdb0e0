"""Report 01: its sentences, variant by variant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import small
from variants import Cases

from loyalty_analytics.exhibits import brief_loyalty, brief_voice

cases = Cases()


def _voice(**change: Any) -> brief_voice.Voice:
    return brief_voice.Voice(None, None, None, pd.DataFrame(), SimpleNamespace(frame=pd.DataFrame([change])))


@cases
def score_unchanged(language: str) -> Any:
    return brief_loyalty.moved(_voice(change=4.0, changed=False, noise=25.0), language)


@cases
def nothing_happened(language: str) -> Any:
    return small.front(small.data(), language)
