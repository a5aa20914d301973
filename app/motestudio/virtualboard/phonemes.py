"""What words are made of: phones as targets for a vocal tract, and the words as sequences of them.

Formants are those of an adult with a tract of 17.5 cm: vowels after Peterson and Barney (J. Acoust. Soc. Am. 24(2),
1952), loci of consonants and noise of bursts and fricatives after D. Klatt (J. Acoust. Soc. Am. 67(3), 1980).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phone:
    """Targets of one stretch of speech.

    Attributes:
        seconds: at an average tempo.
        formants: first three, Hz.
        voice: strength of the voice, 1 in a vowel.
        breath: strength of noise that goes through the whole tract.
        noise: strength of noise made at the lips, teeth or palate.
        noise_hz: where that noise is strongest.
        noise_width_hz: how far it reaches from there.
        nasal: the nose damps the formants.
    """

    seconds: float
    formants: tuple[float, float, float]
    voice: float = 0.0
    breath: float = 0.0
    noise: float = 0.0
    noise_hz: float = 4000.0
    noise_width_hz: float = 1500.0
    nasal: bool = False


_LIPS, _TEETH, _PALATE = (300.0, 800.0, 2250.0), (300.0, 1750.0, 2650.0), (300.0, 1400.0, 2150.0)

PHONES = {
    "y": Phone(0.07, (290, 2250, 2950), voice=0.7),
    "eh": Phone(0.14, (550, 1800, 2480), voice=1.0),
    "oh": Phone(0.12, (510, 930, 2420), voice=1.0),
    "oo": Phone(0.12, (380, 880, 2300), voice=0.75),
    "uh": Phone(0.14, (640, 1190, 2390), voice=1.0),
    "a": Phone(0.13, (740, 1320, 2480), voice=1.0),
    "aa": Phone(0.16, (730, 1090, 2440), voice=1.0),
    "n": Phone(0.09, (280, 1500, 2500), voice=0.5, nasal=True),
    "s": Phone(0.13, (340, 1650, 2600), noise=0.75, noise_hz=6000, noise_width_hz=1500),
    "p-": Phone(0.07, _LIPS),
    "t-": Phone(0.05, _TEETH),
    "d-": Phone(0.04, _TEETH, voice=0.10),
    "g-": Phone(0.045, _PALATE, voice=0.10),
    "p": Phone(0.012, _LIPS, noise=0.5, noise_hz=900, noise_width_hz=900),
    "t": Phone(0.014, _TEETH, noise=1.1, noise_hz=4200, noise_width_hz=1600),
    "d": Phone(0.012, _TEETH, noise=0.9, noise_hz=3700, noise_width_hz=1500),
    "g": Phone(0.018, _PALATE, noise=0.9, noise_hz=1900, noise_width_hz=600),
    "h": Phone(0.035, (500, 1200, 2400), breath=0.12),
}

WORDS = {
    "yes": ("y", "eh", "s"),
    "no": ("n", "oh", "oo"),
    "up": ("uh", "p-", "p", "h"),
    "down": ("d-", "d", "a", "oo", "n"),
    "go": ("g-", "g", "oh", "oo"),
    "stop": ("s", "t-", "t", "aa", "p-", "p", "h"),
}
