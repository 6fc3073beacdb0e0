"""Which encoding a text file is in: proved where it can be, weighed by Russian letters where not."""

from __future__ import annotations

import codecs
from collections import Counter

import numpy as np

from ...errors import SourceError

__all__ = ["decode", "is_strange", "recognised"]

# Share of each letter in Russian prose, per cent (Ruscorpora, O. Lyashevskaya and S. Sharov 2009).
_SHARES = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (10.97, 8.45, 8.01, 7.35, 6.70, 6.26, 5.47, 4.73, 4.54, 4.40, 3.49, 3.21, 2.98, 2.81, 2.62, 2.01, 1.90,
         1.74, 1.70, 1.65, 1.59, 1.44, 1.21, 0.97, 0.94, 0.73, 0.64, 0.48, 0.36, 0.32, 0.26, 0.04, 0.04),
    )
)  # fmt: skip
_RUSSIAN = ("cp1251", "cp866", "koi8-r")
_TYPOGRAPHY = "«»—–№…“”„’‘•©®™°§±·×€₽\u00a0"
_SAMPLE = 1 << 20
_CLEAR = 0.25  # difference of mean scores (logarithms) below which two encodings cannot be told apart
_MIN_HIGH = 3  # high bytes without which nothing can be told
_MIN_GARBLED = 12  # signs outside ASCII below which a text is not called garbled
_MOST_STRANGE = 0.06  # share of high bytes that may be neither letters nor typography
_MIN_LINE = 4  # high bytes in a line before it can speak against the encoding of the file


def decode(content: bytes, file: str, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and the name of its encoding.

    Raises
    ------
    SourceError
        For binary content, mixed encodings (naming the line) and text whose encoding cannot be told.

    Examples
    --------
    >>> decode("Клиент;Сумма".encode("cp866"), "a.csv")
    ('Клиент;Сумма', 'cp866')
    """
    name, text = recognised(content, file, encoding)
    return (_strict(content, name, file) if text is None else text), name


def recognised(
    content: bytes, file: str, encoding: str | None = None, *, trust: bool = False
) -> tuple[str, str | None]:
    """The name of the encoding, and the text where it had to be decoded to know that; errors as of `decode`.

    With ``trust`` pieces of the file suffice to tell a one-byte encoding: `is_strange` is to be asked about the rest.
    """
    if encoding is not None:
        text, name = _given(content, encoding, file)
        return name, text
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return name, _not_garbled(_strict(content, name, file), file)
    if b"\x00" in content:
        wide = _wide(content)
        if wide is None:
            raise SourceError("The file is binary, not text.", "Export it as CSV, XLSX or Parquet.", file=file)
        return wide, _strict(content, wide, file)
    if content.isascii():
        return "utf-8", None
    try:
        return "utf-8", _not_garbled(content.decode("utf-8"), file)
    except UnicodeDecodeError:
        name = (_sampled(content) if trust else None) or _single_byte(content, file)
        if any(bytes([byte]) in content for byte, sign in enumerate(_signs(name)) if sign == "\ufffd"):
            _strict(content, name, file)  # raises, naming the line
        return name, None


def _given(content: bytes, encoding: str, file: str) -> tuple[str, str]:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise SourceError(
            f"There is no encoding {encoding!r}.", "Use utf-8, cp1251, cp866, koi8-r or utf-16.", file=file
        ) from None
    if name == "utf-8" and content.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    return _strict(content, name, file), encoding


def _strict(content: bytes, encoding: str, file: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        place = error.start + (len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)
        raise SourceError(
            f"The file mixes encodings or is damaged: not {encoding} throughout, byte {content[place]:#04x} fits not.",
            "Export it again in one encoding.",
            file=file, row=content.count(b"\n", 0, place) + 1,
        ) from None  # fmt: skip
    except UnicodeError as error:
        raise SourceError(f"The file is not {encoding}: {error}.", "Export it again as UTF-8.", file=file) from None


def _not_garbled(text: str, file: str) -> str:
    """The text; refused where its letters went through a wrong encoding before: «Ð¡ÑƒÐ¼Ð¼Ð°», «РЎСѓРјРјР°», «���»."""
    if text.isascii():
        return text
    signs = [sign for sign in text[:_SAMPLE] if sign > "\x7f" and sign not in _TYPOGRAPHY]
    seen = Counter(signs)
    pairs = {"Ð": "Ñ", "Р": "С"}
    for first, second in pairs.items():
        share = (seen[first] + seen[second]) / max(1, len(signs))
        # Two letters of 33 make up a tenth of Russian; of UTF-8 read as one byte a sign they are the half.
        if len(signs) >= _MIN_GARBLED and share > 0.35 and min(seen[first], seen[second]) > 0:
            break
    else:
        if seen["\ufffd"] <= 0.2 * len(signs):
            return text
    line = next(number for number, one in enumerate(text.split("\n"), start=1) if not one.isascii())
    raise SourceError(
        "The letters are garbled: the text was read in a wrong encoding before it was saved.",
        "Export it again from the program that made it, as UTF-8.", file=file, row=line,
    )  # fmt: skip


def _wide(content: bytes) -> str | None:
    """UTF-16 without a byte order mark: every second byte of Latin and signs is zero."""
    sample = np.frombuffer(content[: _SAMPLE // 2 * 2], dtype=np.uint8)
    sample = sample[: len(sample) // 2 * 2].reshape(-1, 2)
    if len(sample) == 0:
        return None
    zeros = (sample == 0).mean(axis=0)
    for name, high in (("utf-16-le", 1), ("utf-16-be", 0)):
        if zeros[high] > 0.2 and zeros[1 - high] == 0:
            return name
    return None


def _table(encoding: str) -> np.ndarray:
    """Score of each byte: logarithm of the letter's share; upper case counts less, other signs far less."""
    scores, signs = np.zeros(256), _signs(encoding)
    for byte in range(128, 256):
        sign = signs[byte]
        if sign.lower() in _SHARES:
            scores[byte] = np.log(_SHARES[sign.lower()]) - (0.1 if sign.isupper() else 0.0)
        else:
            scores[byte] = -1.0 if sign in _TYPOGRAPHY else -5.0
    return scores


def _single_byte(content: bytes, file: str) -> str:
    name = _sampled(content)
    if name is not None and not is_strange(content, name):
        return name
    data = np.frombuffer(content, dtype=np.uint8)
    _refuse_mixed_utf8(content, data, file)
    places = np.flatnonzero(data >= 128)
    high = data[places]
    score = {name: float(_table(name)[high].mean()) - _case_faults(content, name) for name in _RUSSIAN}
    ranked = sorted(score, key=lambda name: -score[name])
    best = ranked[0]
    if _looks_western(data, places):
        return "cp1252"
    if len(high) < _MIN_HIGH or score[best] < -1.5 or score[best] - score[ranked[1]] < _CLEAR:
        raise SourceError(
            f"The encoding cannot be told ({best} or {ranked[1]}).", "Give encoding='cp1251' or another.", file=file
        )
    _refuse_mixed(data, places, best, file)
    neighbours = frozenset("іїєґўІЇЄҐЎ")
    plain = [sign.lower() in _SHARES or sign in _TYPOGRAPHY or sign in neighbours for sign in _signs(best)]
    if 1 - np.array(plain)[high].mean() > _MOST_STRANGE:
        raise SourceError(
            f"The encoding cannot be told: as {best} the text holds strange signs.",
            "Give encoding='mac-cyrillic' or another.", file=file,
        )  # fmt: skip
    return best


def _signs(encoding: str) -> list[str]:
    return [bytes([byte]).decode(encoding, errors="replace") for byte in range(256)]


def is_strange(content: bytes, encoding: str) -> bool:
    """Whether a byte is strange in Russian text of this encoding, or a word's case: «рНЛЮЬЙЮ» is koi8-r in cp1251."""
    if encoding not in _RUSSIAN or content.isascii():
        return False
    kinds = content.translate(_byte_kinds(encoding))
    return b"?" in kinds or b"lUU" in kinds


def _sampled(content: bytes) -> str | None:
    """The encoding that pieces from all over the file speak for, where they do so clearly."""
    size, pieces = len(content), 16
    step = max(1, size // pieces)
    sample = b"".join(content[start : start + _SAMPLE // pieces] for start in range(0, size, step))
    data = np.frombuffer(sample, dtype=np.uint8)
    high = data[data >= 128]
    if len(high) < 100:
        return None
    score = {name: float(_table(name)[high].mean()) - _case_faults(sample, name) for name in _RUSSIAN}
    first, second, _ = sorted(score.values(), reverse=True)
    return max(score, key=score.__getitem__) if first > 0 and first - second > 1 else None


def _byte_kinds(encoding: str) -> bytes:
    """Each byte as l (lower case), U (upper case), . (ASCII, typography) or ? (strange in Russian text)."""
    kinds = bytearray(b"." * 256)
    kinds[0] = ord("?")
    for byte, sign in list(enumerate(_signs(encoding)))[128:]:
        if sign.lower() in _SHARES:
            kinds[byte] = ord("U" if sign.isupper() else "l")
        elif sign not in _TYPOGRAPHY:
            kinds[byte] = ord("?")
    return bytes(kinds)


def _case_faults(content: bytes, encoding: str) -> float:
    """Share of lower case letters that are followed by upper case: «рНЛЮЬЙЮ» is no word."""
    text = content[:_SAMPLE].decode(encoding, errors="replace")
    signs = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    lower = ((signs >= 0x430) & (signs <= 0x44F)) | (signs == 0x451)
    upper = ((signs >= 0x410) & (signs <= 0x42F)) | (signs == 0x401)
    pairs = int(np.sum(lower[:-1] & upper[1:]))
    letters = int(np.sum(lower | upper))
    return 8.0 * pairs / letters if letters else 0.0


def _looks_western(data: np.ndarray, places: np.ndarray) -> bool:
    """High bytes that stand alone beside Latin letters or figures («café», «£5») are Western European."""
    places = places[:100_000]
    padded = np.concatenate([[32], data, [32]]).astype(np.uint8)
    near = np.stack([padded[places], padded[places + 2]])
    alone = (near < 128).all(axis=0)
    latin = (((near | 32) >= 97) & ((near | 32) <= 122)) | ((near >= 48) & (near <= 57))
    byte = data[places]
    cp1252 = (byte >= 0xC0) | np.isin(byte, [0x80, 0xA3, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0xA0, 0xA9, 0xAE, 0xB0])
    return bool((alone & latin.any(axis=0) & cp1252).mean() > 0.8)


def _line_of(data: np.ndarray, place: int) -> int:
    return int(np.count_nonzero(data[:place] == 10)) + 1


def _refuse_mixed_utf8(content: bytes, data: np.ndarray, file: str) -> None:
    """Some lines are UTF-8 and others are not: the file was glued together."""
    # In one byte a letter, «Р» or «С» stands before such a sign next to never; in UTF-8 it is every letter.
    pairs = np.flatnonzero(((data[:-1] | 1) == 0xD1) & (data[1:] >= 0x80) & (data[1:] < 0xC0))
    if len(pairs) == 0:
        return
    ends = np.append(np.flatnonzero(data == 10), len(data))
    good = []
    for number in np.unique(np.searchsorted(ends, pairs)).tolist():
        line = content[(ends[number - 1] + 1) if number else 0 : ends[number]]
        if _is_utf8_russian(line):
            good.append(number + 1)
    if not good:
        return
    spoken = (np.unique(np.searchsorted(ends, np.flatnonzero(data >= 128))) + 1).tolist()
    inside = set(good)
    bad = [number for number in spoken if number not in inside]
    minority = bad if len(bad) <= len(good) else good
    raise SourceError(
        f"The file mixes encodings: {len(good)} lines are UTF-8 and {len(bad)} are not.",
        "It was joined from two exports; export it again in one encoding.",
        file=file, row=minority[0],
    )  # fmt: skip


def _is_utf8_russian(line: bytes) -> bool:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    high = [sign for sign in text if ord(sign) > 127]
    # Two letters at least: one pair such as «С»» in cp1251 is valid UTF-8 by chance.
    return sum(sign.lower() in _SHARES for sign in high) >= 2


def _refuse_mixed(data: np.ndarray, places: np.ndarray, encoding: str, file: str) -> None:
    """A line that reads well in another Russian encoding and badly in that of the file."""
    ends = np.flatnonzero(data == 10)
    line = np.searchsorted(ends, places)
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    counts = np.diff(np.append(starts, len(places)))
    high = data[places]
    own = np.add.reduceat(_table(encoding)[high], starts) / counts
    kinds = np.frombuffer(_byte_kinds(encoding), dtype=np.uint8)[np.concatenate([data, [10, 10]])]
    odd = (kinds[places] == ord("l")) & (kinds[places + 1] == ord("U")) & (kinds[places + 2] == ord("U"))
    turned = np.add.reduceat(odd, starts)
    for other in _RUSSIAN:
        if other == encoding:
            continue
        theirs = np.add.reduceat(_table(other)[high], starts) / counts
        strange = (theirs - own > 1.5) & (own < -0.5) & (theirs > 0.5) & (counts >= _MIN_LINE)
        # koi8-r and cp1251 have letters in the same places, upper case where the other has lower.
        strange |= (theirs - own > 0.3) & (theirs > 0.8) & (turned > 0) & (counts >= _MIN_LINE)
        if strange.any():
            first = int(np.flatnonzero(strange)[0])
            raise SourceError(
                f"The file mixes encodings: it is {encoding}, but {int(strange.sum())} lines read as {other}.",
                "It was joined from two exports; export it again in one encoding.",
                file=file, row=_line_of(data, int(places[starts[first]])),
            )  # fmt: skip
