"""What Magika looks at: the first and the last bytes that are no blanks, as numbers.

The features are those of google/magika's `_extract_features_from_seekable`, in numpy. Knows nothing of labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hub_files.magika.content import Ends
from hub_files.magika.settings import Settings

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["features_of"]


def features_of(ends: Ends, settings: Settings) -> Array | None:
    """Bytes of both ends without the blanks around them, int32 (head_size + tail_size,), filled up with the padding.

    `None` where too little is left to tell anything from.
    """
    head, tail = ends.head.lstrip()[: settings.head_size], ends.tail.rstrip()
    if len(head) < settings.least:
        return None
    tail = tail[max(0, len(tail) - settings.tail_size) :]
    row = np.full(settings.head_size + settings.tail_size, settings.padding, dtype=np.int32)
    row[: len(head)] = np.frombuffer(head, np.uint8)
    if tail:
        row[len(row) - len(tail) :] = np.frombuffer(tail, np.uint8)
    return row
