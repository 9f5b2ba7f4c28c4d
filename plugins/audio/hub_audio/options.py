"""Options of the tasks. Standard library alone."""

from __future__ import annotations

from hub.plugin import Option

__all__ = ["CTC", "DETECTION", "SPEECH", "WHISPER"]

DETECTION = (
    Option(name="threshold", type=float, default=0.5, min=0.0, max=1.0, help="Probability from which it is speech."),
    Option(name="min_speech", type=float, default=0.25, min=0.0, help="Seconds; shorter speech is dropped."),
    Option(name="min_silence", type=float, default=0.1, min=0.0, help="Seconds; shorter silence does not end speech."),
    Option(name="padding", type=float, default=0.03, min=0.0, help="Seconds added on both sides of speech."),
    Option(name="max_speech", type=float, min=0.2, help="Seconds; longer speech is cut at its longest pause."),
    Option(
        name="partial",
        type=bool,
        default=False,
        help="In a stream, tell also that speech began: a segment whose end is null.",
    ),
)

SPEECH = (
    Option(name="speed", type=float, default=1.0, min=0.1, max=10.0, help="2 speaks twice as fast."),
    Option(name="noise", type=float, min=0.0, max=5.0, help="How much the voice varies; its own value without it."),
    Option(name="noise_w", type=float, min=0.0, max=5.0, help="How much its rhythm varies; its own value without it."),
    Option(name="speaker", type=str, help="Name or number of the speaker, for a voice of several."),
    Option(name="silence", type=float, default=0.2, min=0.0, max=60.0, help="Seconds between sentences."),
    Option(name="volume", type=float, default=1.0, min=0.0, max=1.0, help="Loudness of the loudest sample."),
)

_TIMES = Option(name="timestamps", type=bool, default=True, help="Give the pieces of the text with their times.")

WHISPER = (
    Option(name="language", type=str, help="Language that is spoken (en, de, …); heard from the sound without it."),
    Option(name="translate", type=bool, default=False, help="Write in English what is said in another language."),
    _TIMES,
    Option(name="prompt", type=str, help="Text that comes before: names and words as they are to be spelled."),
    Option(
        name="condition", type=bool, default=False, help="Go on from the text of the window before; it may then repeat."
    ),
    Option(
        name="temperature",
        type=float,
        default=0.0,
        min=0.0,
        max=2.0,
        help="0 takes the likeliest word; higher varies.",
    ),
    Option(
        name="fallback",
        type=bool,
        default=True,
        help="Write a window again at higher temperatures where it repeats itself or is hardly believed.",
    ),
    Option(name="seed", type=int, min=0, help="Seed of the sampling."),
    Option(name="max_tokens", type=int, min=1, help="Most tokens of a window of 30 s; half the context without it."),
)

CTC = (
    _TIMES,
    Option(name="window", type=float, default=20.0, min=2.0, max=120.0, help="Seconds that are heard at once."),
)
