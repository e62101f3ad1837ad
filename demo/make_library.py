#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the demo's library: the assets of an animation studio that never was.

    make_library.py FILE

Some 4,000 entities in the format of OpenAssetIO's Basic Asset Library. The same file every time:
chance is seeded. Only Python's standard library is needed.
"""
import json
import os
import random
import sys

MC = "openassetio-mediacreation:"
LOCATABLE = MC + "content.LocatableContent"
DISPLAY_NAME = MC + "identity.DisplayName"
FRAME_RANGED = MC + "timeDomain.FrameRanged"
ENTITY = MC + "usage.Entity"
IMAGE = MC + "twoDimensional.Image"
OWN = "lanternfish:"

SHOWS = {
    "moth": ("The Paper Moth", 24.0),
    "tide": ("Überflut – High Tide", 25.0),
    "lamp": ("灯りの海 (Sea of Lamps)", 23.976),
}
SEQUENCES = 6
SHOTS = 25
TASKS = {"layout": ".usd", "anim": ".abc", "fx": ".vdb", "lighting": ".usd", "comp": ".exr"}
KINDS = {
    "char": "milla otto brimble heron lamplighter tailor ferryman moth kitten postman aunt-zoë "
            "baker child-a child-b watchman mayor seamstress fisher sexton piper".split(),
    "prop": "lantern kite teapot ladder umbrella accordion net rowboat letterbox clock suitcase "
            "spinning-wheel bellows map compass key candle basket anchor telescope".split(),
    "env": "harbour attic rooftops market lighthouse bridge orchard canal workshop belfry "
           "fog-bank cellar square reeds tram-stop library bakery pier cove stairs".split(),
}
MIME_TYPES = {".usd": "model/vnd.usd", ".exr": "image/x-exr", ".tx": "image/x-tx"}
CHANNELS = ("basecolor", "roughness", "normal", "displacement")
PEOPLE = ("Ines Okafor", "Jonas Weiß", "Zoë Lindqvist", "田中 美咲", "Tomás Ó Briain", "Ama Mensah")
NOTES = (
    "softer rim light, please",
    'the lantern "breathes" too fast',
    "holds for 4 more frames – then cut",
    "approved with love ❤",
    "silhouette reads well\nhands still stiff",
    "match the water to sq020",
)


class Studio:
    def __init__(self):
        self.chance = random.Random(1912)
        self.entities = {}

    def add(self, name, versions, overrides=None, relations=None):
        entity = {"versions": [{"traits": traits} for traits in versions]}
        if overrides is not None:
            entity["overrideByAccess"] = overrides
        if relations:
            entity["relations"] = relations
        self.entities[name] = entity

    def named(self, show, name, label):
        return {
            ENTITY: {},
            DISPLAY_NAME: {"name": label, "qualifiedName": f"{SHOWS[show][0]} / {name}"},
        }

    def file(self, show, path):
        """A path is templated if it stands for many files: @@@@ for frames, <UDIM> for tiles."""
        extension = os.path.splitext(path)[1]
        return {"location": f"file://${{{show}_root}}/{path}",
                "mimeType": MIME_TYPES.get(extension, "application/octet-stream"),
                "isTemplated": "@@@@" in path or "%3CUDIM%3E" in path}

    def review(self):
        """What a supervisor thinks of a version: all kinds of values in one trait."""
        return {
            "by": self.chance.choice(PEOPLE),
            "approved": self.chance.random() < 0.6,
            "rating": round(self.chance.uniform(1, 5), 1),
            "note": self.chance.choice(NOTES),
        }

    def render(self, frames):
        return {
            "coreHours": round(frames * self.chance.uniform(0.2, 9.5), 2),
            "seed": self.chance.getrandbits(62),
            "frames": frames,
            "denoised": self.chance.random() < 0.5,
        }

    # ------------------------------------------------------------------------------- a show

    def show(self, show):
        title, rate = SHOWS[show]
        self.add(show, [{**self.named(show, show, title),
                         OWN + "show.Production": {"framesPerSecond": rate, "isReleased": False}}])
        assets = [name for kind, names in KINDS.items() for i, label in enumerate(names)
                  for name in [self.asset(show, kind, label, i)]]
        for s in range(1, SEQUENCES + 1):
            self.sequence(show, f"sq{s * 10:03}", assets)

    def asset(self, show, kind, label, number):
        name = f"{show}/assets/{kind}/{label}"
        parts = [f"{name}/{part}" for part in ("model", "rig", "lookdev")]
        self.add(name, [{**self.named(show, name, label.replace("-", " ").title()),
                         OWN + "asset.Kind": {"kind": kind, "isHero": number < 3}}],
                 relations=[{"traits": {OWN + "relation.PartOf": {}}, "entities": parts}])
        for part, extension in zip(parts, (".usd", ".ma", ".mtlx")):
            self.publish(show, part, extension, f"{label} {part.rsplit('/', 1)[1]}")
        for channel in CHANNELS[: 2 + number % 3]:
            self.texture(show, f"{name}/textures/{channel}", label)
        return name

    def publish(self, show, name, extension, label):
        versions = []
        for v in range(1, self.chance.randint(1, 5) + 1):
            path = f"publish/{name.split('/', 1)[1]}/v{v:03}/{label.replace(' ', '_')}{extension}"
            versions.append({**self.named(show, name, f"{label} v{v:03}"),
                             LOCATABLE: self.file(show, path),
                             OWN + "review.Note": self.review()})
        overrides = {}
        if self.chance.random() < 0.15:  # somebody works on it: writing goes to a folder of theirs
            overrides["write"] = {"traits": {
                LOCATABLE: {"location": f"file://${{scratch}}/{name}{extension}"}}}
        elif self.chance.random() < 0.05:  # locked: there is nothing to be written
            overrides["write"] = None
        self.add(name, versions, overrides or None)

    def texture(self, show, name, label):
        channel = name.rsplit("/", 1)[1]
        versions = []
        for v in range(1, self.chance.randint(1, 3) + 1):
            # The way that a texture tool writes paths: Sheaf's manager tidies up the `..`.
            path = f"publish/geo/../textures/{label}/{channel}.v{v:03}.%3CUDIM%3E.tx"
            size = 2 ** self.chance.randint(10, 13)
            versions.append({**self.named(show, name, f"{label} {channel}"), LOCATABLE: self.file(show, path),
                             IMAGE: {"width": size, "height": size},
                             OWN + "texture.Channel": {"name": channel,
                                                       "gamma": 2.2 if v % 2 else 1.0}})
        self.add(name, versions)

    def sequence(self, show, code, assets):
        name = f"{show}/{code}"
        self.add(name, [self.named(show, name, f"Sequence {code[2:]}")])
        start = 1001
        for n in range(1, SHOTS + 1):
            start = self.shot(show, f"{name}/sh{n * 10:04}", start, assets)

    def shot(self, show, name, start, assets):
        frames = self.chance.randint(24, 240)
        span = {"startFrame": start, "endFrame": start + frames - 1, "inFrame": start + 8,
                "outFrame": start + frames - 9, "framesPerSecond": SHOWS[show][1]}
        label = "Shot " + name.rsplit("sh", 1)[1]
        used = self.chance.sample(assets, 4)
        self.add(name, [{**self.named(show, name, label), FRAME_RANGED: span,
                         OWN + "shot.Editorial": {"handles": 8, "isOmitted": False}}],
                 relations=[{"traits": {OWN + "relation.Uses": {}}, "entities": used}])
        for task, extension in TASKS.items():
            self.task(show, f"{name}/{task}", extension, span, frames)
        return start + frames

    def task(self, show, name, extension, span, frames):
        if self.chance.random() < 0.06:  # planned, and nothing delivered yet
            self.add(name, [])
            return
        shot, task = name.rsplit("/", 2)[1:]
        frame = ".@@@@" if extension in (".exr", ".vdb") else ""
        versions = []
        for v in range(1, self.chance.randint(1, 5) + 1):
            path = f"shots/{name.split('/', 1)[1]}/v{v:03}/{shot}_{task}{frame}{extension}"
            traits = {**self.named(show, name, f"{shot} {task} v{v:03}"), FRAME_RANGED: span,
                      LOCATABLE: self.file(show, path)}
            if task in ("lighting", "comp"):
                traits[OWN + "render.Cost"] = self.render(frames)
            if self.chance.random() < 0.5:
                traits[OWN + "review.Note"] = self.review()
            versions.append(traits)
        # Finished frames are read only: asking for write access is an access error.
        self.add(name, versions, {"write": {}} if task == "comp" else None)


def make_library():
    studio = Studio()
    for show in SHOWS:
        studio.show(show)
    variables = {f"{show}_root": f"/mnt/lanternfish/{show}" for show in SHOWS}
    variables["scratch"] = "/mnt/lanternfish/scratch"
    return {
        "variables": variables,
        "managementPolicy": {
            "read": {"default": {MC + "managementPolicy.Managed": {}}},
            "write": {"default": {}},
        },
        "entities": studio.entities,
    }


def write(library, out):
    """As JSON with an entity a line: easy to read and to search, and not twice the size."""
    entities = library.pop("entities")
    out.write(json.dumps(library, ensure_ascii=False)[:-1] + ', "entities": {\n')
    lines = (f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(entity, ensure_ascii=False)}"
             for name, entity in entities.items())
    out.write(",\n".join(lines) + "\n}}\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = sys.argv[1]
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    part = f"{path}.{os.getpid()}.part"
    with open(part, "w", encoding="utf-8") as out:
        write(make_library(), out)
    os.replace(part, path)  # whoever reads it meanwhile sees the old one or the new one


if __name__ == "__main__":
    main()
