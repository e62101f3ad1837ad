# SPDX-License-Identifier: Apache-2.0
"""Why a target is missed, where it is known. Shown only while it is."""

CAUSES: dict[str, str] = {
    "T3": "both sides pay for the same look-up, which is three quarters of what Sheaf takes in all; of what "
          "is left, what Sheaf adds to a function pointer (T1) is the larger part.",
    "T6": "a reference's text, the slot of the index and the three lines of an entity's block cost 40 ns on such "
          "a machine when they are fetched ahead and nothing else is done (decision 0049), and the work on a "
          "reference about 20, of which little is done while memory is waited for. Six times would be 40 to 45 "
          "ns in all.",
    "T7": "as for T6: with pages of 4 KiB each line costs half as much again, fetched ahead or not.",
}
