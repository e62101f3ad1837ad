# SPDX-License-Identifier: Apache-2.0
"""Why a target is missed, where it is known. Shown only while it is."""

CAUSES: dict[str, str] = {}
