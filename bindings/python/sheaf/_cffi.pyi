# SPDX-License-Identifier: Apache-2.0
# What cffi builds from the headers has no types that Python could check.
from typing import Any

ffi: Any
lib: Any
