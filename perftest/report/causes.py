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
    "S2": "a stage with a sink of its own has its manager answer on a flight of its own, through which each "
          "result goes once more: 1.1 to 1.4 ns on a machine that has nothing else to do, and 2 where the other "
          "thread of the same core is busy.",
    "S6": "of some 100 ns a reference, 25 are the manager's look-up. The cache hashes and claims it (20), so "
          "that no other thread asks for it as well; makes of the answer an entry that outlives the batch, in "
          "a table and a queue under a lock (40); and delivers it when all are there and nobody waits any more "
          "(15, the host's part included). A dataloader is of one thread and one request: it keeps the promises "
          "that it hands out anyway. What is left are some 700 instructions, not memory: a batch of 1,000 "
          "costs four fifths as much.",
}
