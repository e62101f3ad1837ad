# SPDX-License-Identifier: Apache-2.0
"""Who asks: `sheaf._fast` where it is there, else, or with $SHEAF_PURE_CFFI=1, `sheaf._batch`.

`Batch`, `Record` and `Properties` are what users know them by; the types of `sheaf._fast` are registered
as theirs. What is made by who asks are `Manager` and `Refs`.
"""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sheaf._batch import Batch as Batch
from sheaf._batch import Manager as Manager
from sheaf._batch import Properties as Properties
from sheaf._batch import Record as Record
from sheaf._batch import Refs as Refs

if not TYPE_CHECKING and os.environ.get("SHEAF_PURE_CFFI") != "1":
    try:
        from sheaf._helper import Manager as Manager
        from sheaf._helper import Refs as Refs
    except ModuleNotFoundError:
        pass  # a build without it
