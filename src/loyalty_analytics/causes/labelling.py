"""The analyst's corrections: an append-only CSV, which texts to label next, a small cell for JupyterLab."""

from __future__ import annotations

import csv
import html
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, ParamsError, nearest
from ..results import Result, as_table
from .features import Vectoriser
from .tagger import Tagger
from .tags import SENTIMENTS

__all__ = ["append_corrections", "labelling_cell", "next_texts", "read_corrections"]

_COLUMNS = ("text", "cause", "sentiment", "language", "annotator")
#: A spreadsheet would run such a cell as a formula; an apostrophe in front keeps it a text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _file(client: str, root: Path | None) -> Path:
    if not client.replace("_", "").replace("-", "").isalnum():
        raise ParamsError(f"{client!r} is no name of a client.", "Use the name of its file in params/.")
    return Path(root or ".") / "params" / f"{client}.corrections.csv"


def read_corrections(client: str, root: Path | None = None) -> pd.DataFrame:
    """Corrections of a client as they now stand: the last word on a text counts.

    Returns
    -------
    DataFrame
        text, cause, sentiment, language, annotator; empty when nobody corrected anything.

    Raises
    ------
    ParamsError
        Where the file, saved by another program, is no such table any more.
    """
    path = _file(client, root)
    if not path.is_file():
        return pd.DataFrame(columns=list(_COLUMNS), dtype="str")
    rows = _rows(path)
    rows["text"] = [text[1:] if text.startswith("'") and text[1:2] in _FORMULA else text for text in rows["text"]]
    # A round is one labelling of one text; later rounds replace earlier ones of the same annotator.
    last = rows.groupby(["text", "annotator"], dropna=False)["round"].transform("max")
    return rows.loc[rows["round"] == last, list(_COLUMNS)].reset_index(drop=True)


def _rows(path: Path) -> pd.DataFrame:
    """The file as it stands, also as Excel saves it: comma or semicolon, UTF-8 or cp1251."""
    place = f"params/{path.name}"
    raw = path.read_bytes()
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = raw.decode("cp1251", errors="replace")
    separator = _separator(content)
    try:
        rows = pd.read_csv(io.StringIO(content), sep=separator, dtype="str", keep_default_na=False, na_values=[""])
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ParamsError(f"{place} cannot be read: {error}.", "Save it as CSV again, texts in quotes.") from None
    for name in ("text", "cause", "sentiment"):
        if name not in rows:
            raise ParamsError(f"{place} has no column {name!r}.", nearest(name, map(str, rows.columns)))
    rows = rows.reindex(columns=[*_COLUMNS, "round"])
    rows["round"] = pd.to_numeric(rows["round"], errors="coerce").fillna(0).astype(int)
    return rows[rows["text"].notna()].astype(dict.fromkeys(_COLUMNS, "str"))


def _separator(content: str) -> str:
    head = content.partition("\n")[0]
    return ";" if head.count(";") > head.count(",") else ","


def append_corrections(
    client: str, corrections: pd.DataFrame, *, annotator: str = "", root: Path | None = None
) -> pd.DataFrame:
    """Add corrections; nothing that was written before is changed.

    Parameters
    ----------
    corrections : DataFrame
        text, cause, sentiment, optional language: all rows of a text together replace what was said of it.

    Raises
    ------
    DataError
        For an unknown sentiment or a missing column.
    """
    for name in ("text", "cause"):
        if name not in corrections.columns:
            raise DataError(f"The corrections have no column {name!r}.", "Give text, cause and sentiment.")
    rows = corrections.reindex(columns=list(_COLUMNS)).assign(annotator=annotator)
    for sentiment in rows["sentiment"].dropna():
        if sentiment not in SENTIMENTS:
            raise DataError(f"Unknown sentiment {sentiment!r}.", nearest(str(sentiment), SENTIMENTS))
    path = _file(client, root)
    before = _rows(path) if path.is_file() else None
    number = 1 if before is None else 1 + int(before["round"].max())
    path.parent.mkdir(parents=True, exist_ok=True)
    # A new file is what Russian Excel opens as text: a byte order mark and semicolons.
    separator = ";" if before is None else _separator(path.read_text(encoding="utf-8-sig"))
    with path.open("a", encoding="utf-8-sig" if before is None else "utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        if before is None:
            writer.writerow([*_COLUMNS, "round"])
        for row in rows.itertuples(index=False):
            cells = ["" if pd.isna(value) else str(value) for value in row]
            cells[0] = f"'{cells[0]}" if cells[0].startswith(_FORMULA) else cells[0]
            writer.writerow([*cells, f"{number:06d}"])
    return read_corrections(client, root)


def next_texts(
    tagger: Tagger, feedback: pd.DataFrame | Result, n: int = 20, corrections: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Texts whose labels would teach most: of the causes seen least so far, uncertain ones unlike each other.

    By doubt alone a rare cause is hardly ever asked for; here the next text is one of the cause (or of «nothing
    found») with the fewest corrected and chosen texts.

    Returns
    -------
    DataFrame
        The n rows of the feedback, the most useful first.

    Examples
    --------
    >>> texts = pd.DataFrame({"feedback_id": [1, 2, 3], "text": ["Дорого.", "Дорого!", "Какой-то сюр"]})
    >>> next_texts(Tagger("general"), texts, 2)["feedback_id"].tolist()
    [3, 1]
    """
    rows = as_table(feedback)
    known = set() if corrections is None else set(corrections["text"])
    rows = rows[[isinstance(text, str) and bool(text.strip()) and text not in known for text in rows["text"]]]
    rows = rows.drop_duplicates("text").reset_index(drop=True)
    if not len(rows):
        return rows
    tags = tagger.tag(rows.assign(feedback_id=range(len(rows)))).frame
    # Nothing found is the greatest doubt; then the least sure tag of a text.
    doubt = 1 - tags.groupby("feedback_id")["score"].min().reindex(range(len(rows)), fill_value=0.0).to_numpy()
    named: list[set[str]] = [set() for _ in range(len(rows))]
    for row, cause in zip(tags["feedback_id"], tags["cause"]):
        named[row].add(cause.partition(".")[0])
    chosen = _spread(tagger, rows["text"].tolist(), doubt, [own or {""} for own in named], _counted(corrections), n)
    return rows.iloc[chosen].reset_index(drop=True)


def _counted(corrections: pd.DataFrame | None) -> dict[str, int]:
    """Corrected texts by top cause."""
    if corrections is None:
        return {}
    tops = [cause.partition(".")[0] if isinstance(cause, str) else "" for cause in corrections["cause"]]
    pairs = pd.DataFrame({"text": corrections["text"].to_numpy(), "cause": tops}).drop_duplicates()
    return {str(cause): int(count) for cause, count in pairs["cause"].value_counts().items()}


def _spread(
    tagger: Tagger, texts: list[str], doubt: np.ndarray, named: list[set[str]], counts: dict[str, int], n: int
) -> list[int]:
    """Places of n texts: each of the cause with the fewest so far, of these the most doubtful unlike one chosen."""
    nothing: list[list[str]] = [[] for _ in texts]
    read = [tagger.reader.analyse(text)[0] for text in texts]
    matrix = Vectoriser().fit(read, nothing).transform(read, nothing)
    inside = {cause: np.array([cause in own for own in named]) for cause in sorted(set().union(*named))}
    counts = {cause: counts.get(cause, 0) for cause in inside}
    free, like = np.ones(len(texts), dtype=bool), np.zeros(len(texts))
    chosen: list[int] = []
    while len(chosen) < min(n, len(texts)):
        cause = min((c for c in inside if (inside[c] & free).any()), key=lambda c: (counts[c], c))
        best = int(np.argmax(np.where(inside[cause] & free, (0.2 + doubt) * (1 - like), -1)))
        chosen.append(best)
        free[best] = False
        like = np.maximum(like, np.asarray((matrix @ matrix[best].T).todense()).ravel())
        for own in named[best]:
            counts[own] += 1
    return chosen


def labelling_cell(
    client: str, tagger: Tagger, feedback: pd.DataFrame | Result, *, n: int = 20, annotator: str = "",
    root: Path | None = None,
) -> Any:  # fmt: skip
    """A small form for JupyterLab: one text, its tags to confirm or correct, next.

    Needs ipywidgets (``pip install 'loyalty-analytics[lab]'``).
    """
    try:
        import ipywidgets as widgets
    except ImportError:
        raise ParamsError("The labelling cell needs ipywidgets.", "Install the extra «lab».") from None
    queue = next_texts(tagger, feedback, n, read_corrections(client, root))
    place = {"at": 0}
    text, state = widgets.HTML(), widgets.Label()
    choice = widgets.SelectMultiple(options=sorted(tagger.codebook.causes), rows=10, description="causes")
    signs = widgets.VBox()
    button = widgets.Button(description="save, next")

    found: dict[str, str] = {}

    def fill(_: Any) -> None:
        """One sentiment for every chosen cause: what was chosen before or found stays."""
        known = found | {one.description: one.value for one in signs.children}
        signs.children = tuple(
            widgets.Dropdown(options=SENTIMENTS, description=cause, value=known.get(cause, "negative"))
            for cause in choice.value
        )

    def show() -> None:
        at = place["at"]
        button.disabled = at >= len(queue)
        state.value = f"{min(at + 1, len(queue))} / {len(queue)}"
        text.value = "" if button.disabled else f"<p>{html.escape(queue['text'].iloc[at])}</p>"
        tags = tagger.tag(queue.iloc[at : at + 1]).frame
        found.clear()
        found.update((c, sign) for c, sign in zip(tags["cause"], tags["sentiment"]) if c in choice.options)
        signs.children = ()
        choice.value = ()
        choice.value = tuple(found)

    def save(_: Any) -> None:
        said = queue["text"].iloc[place["at"]]
        rows = [{"text": said, "cause": one.description, "sentiment": one.value} for one in signs.children]
        rows = rows or [{"text": said, "cause": None, "sentiment": None}]
        append_corrections(client, pd.DataFrame(rows), annotator=annotator, root=root)
        place["at"] += 1
        show()

    choice.observe(fill, names="value")
    button.on_click(save)
    show()
    return widgets.VBox([state, text, choice, signs, button])
