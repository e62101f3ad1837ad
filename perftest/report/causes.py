# SPDX-License-Identifier: Apache-2.0
"""Why a target is missed, where it is known. Shown only while it is."""

CAUSES: dict[str, str] = {
    "T1": "the manager writes a result of 40 bytes and the core and the host read it, where the function "
          "pointer's arguments stay in registers: some 30 instructions, 1.3 ns, which do not shrink with the "
          "look-up; in batches of 100 what a batch costs once adds 0.3.",
    "T2": "of the difference 10 ns are spent by nobody: the function pointer's batches are short enough for the "
          "processor to begin the next one's look-up while it waits for this one's, Sheaf's are not "
          "(`perftest/README.md`). With a fence between batches it is below 30.",
    "T4": "of 10,000 the array takes 1.3 MB, which with the references and the library is more than the second "
          "cache holds: the look-ups, the copying and the host's own pass wait for the third. The copying itself "
          "is 60 instructions an element; there are no page faults.",
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
