"""Speech of which every word is known, with its words: sound that a Piper voice made, and a list that `--data` takes.

Twenty sentences of the Harvard lists (IEEE, 1969), two in a file, said at three speeds, as OGG at 16 kHz. The first
eight files are what comes with openmodelhub-audio (`plugins/audio/hub_audio/spoken`); the voice draws no noise, so that
it says the same again. `python benchmarks/spoken.py FOLDER [--count N]`, then
`hub bench whisper-tiny.en --data FOLDER/spoken.jsonl`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import soundfile

import hub

RATE = 16_000
SPEEDS = (1.0, 1.4, 1.8)
SENTENCES = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us.",
    "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose.",
    "A rod is used to catch pink salmon.",
    "The source of the huge river is the clear spring.",
    "Kick the ball straight and follow through.",
    "Help the woman get back to her feet.",
    "A pot of tea helps to pass the evening.",
    "Smoky fires lack flame and heat.",
    "The soft cushion broke the man's fall.",
    "The salt breeze came across from the sea.",
    "The girl at the booth sold fifty bonds.",
)


def write(folder: Path, count: int) -> Path:
    """Write the sounds and the list of them; gives the list."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    with hub.load("piper-joe", threads=1) as voice:
        for number in range(count):
            pair = SENTENCES[2 * number % len(SENTENCES) :][:2]
            speed = SPEEDS[number % len(SPEEDS)]
            sound = voice.infer(" ".join(pair), speed=speed, silence=0.3, noise=0.0, noise_w=0.0)
            path = folder / f"{number + 1:02}.ogg"
            soundfile.write(path, 0.7 * sound.samples(RATE), RATE, format="OGG", subtype="OPUS")
            lines.append(json.dumps({"file": path.name, "label": " ".join(pair)}) + "\n")
    listed = folder / "spoken.jsonl"
    listed.write_text("".join(lines), encoding="utf-8")
    return listed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=8, help="files")
    given = parser.parse_args()
    print(write(given.folder, given.count))
