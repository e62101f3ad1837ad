# SPDX-License-Identifier: Apache-2.0
"""Why a target is missed, where it is known. Shown only while it is."""

CAUSES: dict[str, str] = {
    "T3": "both sides pay for the same look-up, which is three quarters of what Sheaf takes in all; of what "
          "is left, what Sheaf adds to a function pointer (T1) is the larger part.",
    "T6": "a reference of `bal`'s touches eight or nine lines of memory in seven places (its text, the slot of "
          "the index, the name, the entity, its record, its properties, the URL), and a line of memory at "
          "random costs 11 to 15 ns on such a machine even when many are fetched at once: that is nearly all "
          "of the time. A line next to one that is fetched costs 5, so that an entity whose parts lie side by "
          "side should take about half as long; that is an estimate, and not tried.",
    "T7": "as for T6: the profile stands at the instructions that fetch ahead, so it is the number of lines "
          "that limits, not how early they are asked for.",
}
