// SPDX-License-Identifier: Apache-2.0
//
// graphql's dataloader: a batch of distinct keys, as many calls of load() as there are keys, one call
// of the batch function, which finds each in a Map. With its cache, as it comes, and without, as one
// sets it up who asks for nothing twice.
//
//     node dataloader_perf.mjs [ROUNDS [KEYS]]        a line of JSON a round: nanoseconds a key
//
// Of the clock's time and the processor's the shorter counts: the one waits for other processes, the
// other has helper threads in it that work at the same time.
import { createRequire } from "node:module";
import DataLoader from "dataloader";

const rounds = Number(process.argv[2] ?? 9);
const count = Number(process.argv[3] ?? 10000);
const version = createRequire(import.meta.url)("dataloader/package.json").version;

const keys = Array.from({ length: count }, (_, i) => `asset:///moth/${(i * 2654435761) % 4294967296}/model`);
const urls = new Map(keys.map((key) => [key, `file:///mnt/projects/assets/${key}/model_v012.usd`]));
const find = async (batch) => batch.map((key) => urls.get(key) ?? new Error("unknown"));

async function once(options) {
  const loader = new DataLoader(find, options);
  const cpu = process.cpuUsage();
  const from = process.hrtime.bigint();
  const values = await Promise.all(keys.map((key) => loader.load(key)));
  const wall = Number(process.hrtime.bigint() - from);
  const used = process.cpuUsage(cpu);
  if (values.length !== count || values.some((value) => typeof value !== "string"))
    throw new Error("not all were found");
  return Math.min(wall, (used.user + used.system) * 1000) / count;
}

const forms = [["cached", {}], ["uncached", { cache: false }]];
for (let i = 0; i < 20; i++) for (const [, options] of forms) await once(options);
for (let round = 0; round < rounds; round++)
  for (const [name, options] of forms) {
    // Several, for the engine's collector comes when it likes.
    const times = [];
    for (let i = 0; i < 5; i++) times.push(await once(options));
    times.sort((a, b) => a - b);
    console.log(JSON.stringify({ name: `dataloader_${name}`, batch: count, round, ns: times[2],
                                 version: `${version} on Node ${process.versions.node}` }));
  }
