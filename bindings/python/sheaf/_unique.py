# SPDX-License-Identifier: Apache-2.0
"""What there is once."""
from __future__ import annotations

from typing import NoReturn


class Unique:
    """Refuses to be copied or pickled. A copy would be a second hand on the same thing in C, and end it
    when it is collected."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a sheaf.{type(self).__name__} can be neither copied nor pickled: make another one")
