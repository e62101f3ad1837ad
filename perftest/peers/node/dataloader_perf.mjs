// SPDX-License-Identifier: Apache-2.0
//
// graphql's dataloader: a batch of distinct keys, asked for in one turn of the event loop, and so one
// call of the batch function, which finds each in a Map.
//
//     node dataloader_perf.mjs [ROUNDS [KEYS]]        a line of JSON a round: nanoseconds a key
//
//   load, loadMany            a new loader, as there is one for each request to a server
//   uncached                  the same with its cache off, as one sets it up who asks for nothing twice
//   hits_load, hits_loadMany  a loader that has loaded all of them before
//
// load is Promise.all of as many calls of load() as there are keys, loadMany the loader's own way to say
// that. Of the clock's time and the processor's the shorter counts: the one waits for other processes, the
// other has helper threads in it that work at the same time.
import { createRequire } from "node:module";
import DataLoader from "dataloader";

const rounds = Number(process.argv[2] ?? 9);
const count = Number(process.argv[3] ?? 10000);
const version = createRequire(import.meta.url)("dataloader/package.json").version;

// The study's, which Sheaf is asked for beside this: see ../../study/database.h.
const names = Array.from({ length: count }, (_, i) =>
  ((i * 2654435761) % 4294967296).toString(16).padStart(8, "0"));
const keys = names.map((name) => `asset:///moth/${name}/model`);
const urls = new Map(names.map((name, i) =>
  [keys[i], `file:///mnt/projects/assets/${name}/model/model_v012.usd`]));
const find = async (batch) => batch.map((key) => urls.get(key) ?? new Error("unknown"));

const load = (loader) => Promise.all(keys.map((key) => loader.load(key)));
const loadMany = (loader) => loader.loadMany(keys);
const loaded = new DataLoader(find);
await loaded.loadMany(keys);
const forms = [
  ["load", () => new DataLoader(find), load],
  ["loadMany", () => new DataLoader(find), loadMany],
  ["uncached", () => new DataLoader(find, { cache: false }), load],
  ["hits_load", () => loaded, load],
  ["hits_loadMany", () => loaded, loadMany],
];

async function once(make, ask) {
  const loader = make();
  const cpu = process.cpuUsage();
  const from = process.hrtime.bigint();
  const values = await ask(loader);
  const wall = Number(process.hrtime.bigint() - from);
  const used = process.cpuUsage(cpu);
  if (values.length !== count || values.some((value, i) => value !== urls.get(keys[i])))
    throw new Error("not all were found");
  return Math.min(wall, (used.user + used.system) * 1000) / count;
}

const tries = 11; // the engine's collector comes when it likes
for (let i = 0; i < 10; i++) for (const [, make, ask] of forms) await once(make, ask);
for (let round = 0; round < rounds; round++)
  for (const [name, make, ask] of forms) {
    const times = [];
    for (let i = 0; i < tries; i++) times.push(await once(make, ask));
    times.sort((a, b) => a - b);
    console.log(JSON.stringify({ name: `dataloader_${name}`, batch: count, round, ns: times[(tries - 1) / 2],
                                 version: `${version} on Node ${process.versions.node}` }));
  }
