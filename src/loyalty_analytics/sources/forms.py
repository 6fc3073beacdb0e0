"""Filled forms of meetings and accepted proposals as rows of meetings, answers, feedback and actions.

The forms are sheets of plan.xlsx (made in `exhibits.meetings_form`): column A holds a key, column C what
was filled in. A form that was changed or half filled loses nothing that can be read; each doubt is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from .. import tables, words
from .findings import Findings

__all__ = ["ACTIONS_MARK", "ASIDE", "FIELDS", "FORM_MARK", "LISTS", "add_forms", "form_files", "read_forms"]

FORM_MARK = "loyalty-form 1"
ACTIONS_MARK = "loyalty-actions 1"
ASIDE = " · "  # between an id and the name that stands beside it for people
FIELDS = ("like", "strengthen", "dislike", "improve", "problem")
LISTS: dict[str, tuple[str, ...]] = {
    "status": ("held", "cancelled", "planned"),
    "format": ("meeting", "call", "online"),
    "purpose": ("quarterly", "pre_campaign", "post_campaign", "pre_season", "year_end", "problem", "congratulation"),
    "source": ("meeting", "detractor", "complaint", "trend_break", "silent"),
    "strategy_change": ("yes", "no"),
    "promise": ("done", "not_done"),
    "accept": ("yes", "no"),
}
_FILLED = ("held_at", "status", "format", "contact_id", "duration_min", "manager_self_score", "choice_criteria",
           "strategy_change", "plan_amount", "plan_period", "new_product_plan", "notes")  # fmt: skip
_GIVEN = ("meeting_id", "client_id", "manager_id", "visitor_id", "planned_at", "purpose")
_NUMBERS = {"duration_min": (1, 600), "manager_self_score": (1, 10), "plan_amount": (0, None)}
_DUE_DAYS = 14  # where a next step has no day
_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def form_files(folder: Path, known: Iterable[Path] = ()) -> list[Path]:
    """Workbooks of a client's folder (and its folder forms/) that no source reads and that hold a form."""
    taken = {path.resolve() for path in known}
    found = [
        path
        for place in (folder, folder / "forms")
        for path in sorted(place.glob("*.xlsx"))
        if path.is_file() and not path.name.startswith((".", "~$")) and path.resolve() not in taken
    ]
    return [path for path in found if _marked(path)]


def _marked(path: Path) -> bool:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        return any(_mark(book.get_sheet_by_name(name).to_python(nrows=1)) for name in book.sheet_names)
    except (CalamineError, OSError, ValueError):
        return False


def _mark(rows: Sequence[Sequence[Any]]) -> str:
    first = str(rows[0][0]) if rows and rows[0] else ""
    return first if first in (FORM_MARK, ACTIONS_MARK) else ""


def read_forms(paths: Iterable[Path], found: Findings) -> dict[str, pd.DataFrame]:
    """Rows of the filled forms: tables meetings, survey_answers, feedback, actions and closed (promises kept).

    Parameters
    ----------
    paths : files of `form_files`
    found : takes a finding for each form that is empty, changed or half filled

    Returns
    -------
    dict
        Canonical tables; ``closed``: action_id, closed_at.
    """
    from python_calamine import CalamineWorkbook

    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("meetings", "survey_answers", "feedback", "actions", "closed")
    }
    for path in paths:
        book = CalamineWorkbook.from_path(path)
        empty = 0
        for name in book.sheet_names:
            cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            mark = _mark(cells)
            if mark == FORM_MARK:
                empty += not _Form(cells, f"{path.name}: {name}", found).read(rows)
            elif mark == ACTIONS_MARK:
                rows["actions"] += _accepted(cells, f"{path.name}: {name}", found)
        if empty:
            found.add("form_empty", file=path.name, rows=empty)
    out = {
        name: tables.conform(pd.DataFrame(part).drop_duplicates(tables.get(name).key, keep="last"), name)
        for name, part in rows.items()
        if part and name != "closed"
    }
    if rows["closed"]:
        out["closed"] = pd.DataFrame(rows["closed"])
    return out


def add_forms(
    folder: Path, gathered: dict[str, pd.DataFrame], found: Findings, known: Iterable[Path] = ()
) -> list[Path]:
    """Read the forms that lie in a client's folder into its tables; the files read.

    A row that the sources hold already under the same key is replaced; a promise that the client confirmed is
    closed in its own row.
    """
    paths = form_files(folder, known)
    if not paths:
        return []
    read = read_forms(paths, found)
    closed = read.pop("closed", None)
    for name, frame in read.items():
        old = gathered.get(name)
        key = tables.get(name).key
        if old is not None and len(old):
            frame = pd.concat([old[~old[key].isin(frame[key])], frame], ignore_index=True)
        gathered[name] = tables.conform(frame, name)
        found.add("form_rows", rows=len(read[name]), table=name)
    if closed is not None and "actions" in gathered:
        _close(gathered, closed, found)
    return paths


def _close(gathered: dict[str, pd.DataFrame], closed: pd.DataFrame, found: Findings) -> None:
    actions = gathered["actions"].copy()
    day = actions["action_id"].map(closed.drop_duplicates("action_id", keep="last").set_index("action_id")["closed_at"])
    now = (actions["closed_at"].isna() & day.notna()).to_numpy(bool)
    actions.loc[now, "closed_at"] = pd.to_datetime(day[now]).astype("datetime64[us]")
    actions.loc[now, "status"] = "closed"
    gathered["actions"] = actions
    unknown = sorted(set(closed["action_id"]) - set(actions["action_id"]))
    if unknown:
        found.add("form_promise", "warning", rows=len(unknown), sample=", ".join(unknown[:5]))


class _Form:
    """One sheet: keys in column A, what was filled in from column C on."""

    def __init__(self, cells: Sequence[Sequence[Any]], place: str, found: Findings) -> None:
        self.place, self.found = place, found
        self.rows: dict[str, tuple[int, list[Any]]] = {}
        for number, line in enumerate(cells[1:], start=2):
            key = str(line[0]).strip() if line else ""
            if key:
                self.rows[key] = (number, [_blank(value) for value in line[1:]])

    def told(self, key: str, place: int = 1) -> Any:
        """The value in column C (place 1), D (2), …; None where it is blank."""
        _, line = self.rows.get(key, (0, []))
        return line[place] if len(line) > place else None

    def doubt(self, code: str, key: str, value: Any = "", severity: str = "warning") -> None:
        number = self.rows.get(key, (None, []))[0]
        self.found.add(code, severity, file=self.place, row=number, column=key.split(".")[-1], rows=1, value=value)

    def read(self, rows: dict[str, list[dict[str, Any]]]) -> bool:
        """Add the form's rows; False where nobody filled it in."""
        free = [key for key in self.rows if key.partition(".")[0] in ("answer", "feedback", "ask", "promise", "action")]
        given = [key for key in (*(f"meeting.{name}" for name in _FILLED), *free) if self.told(key) is not None]
        prefilled = self.told("meeting.format")
        if not [key for key in given if key != "meeting.format" or self.told(key) != prefilled]:
            return False
        gone = [name for name in (*_GIVEN, *_FILLED) if f"meeting.{name}" not in self.rows]
        if gone:
            self.found.add("form_changed", "warning", file=self.place, rows=len(gone), sample=", ".join(gone[:6]))
        if self.told("meeting.client_id") is None:
            self.doubt("form_no_client", "meeting.client_id", severity="error")
            return True
        meeting = self._meeting()
        rows["meetings"].append(meeting)
        day = meeting["held_at"] if meeting["held_at"] is not None else meeting["planned_at"]
        self._answers(meeting, day, rows)
        self._steps(meeting, day, rows)
        return True

    def _meeting(self) -> dict[str, Any]:
        row: dict[str, Any] = {name: _id(self.told(f"meeting.{name}")) for name in _GIVEN}
        row["planned_at"] = self._day("meeting.planned_at")
        row["held_at"] = self._day("meeting.held_at")
        for name in ("purpose", "status"):
            row[name] = self._choice(f"meeting.{name}", name)
        row["format"] = self._choice("meeting.format", "format")
        row["contact_id"] = _id(self.told("meeting.contact_id"))
        for name, (low, high) in _NUMBERS.items():
            row[name] = self._number(f"meeting.{name}", low, high)
        change = self._choice("meeting.strategy_change", "strategy_change")
        row["strategy_change"] = None if change is None else change == "yes"
        for name in ("plan_period", "new_product_plan", "notes"):
            row[name] = _text(self.told(f"meeting.{name}"))
        criteria = _text(self.told("meeting.choice_criteria"))
        row["choice_criteria"] = (
            [part.strip() for part in re.split("[;,]", criteria) if part.strip()] if criteria else None
        )
        if row["status"] is None:
            row["status"] = "held"
            self.doubt("form_no_status", "meeting.status")
        if row["held_at"] is None and row["status"] == "held":
            self.doubt("form_no_date", "meeting.held_at")
            row["held_at"] = row["planned_at"]
        if row["meeting_id"] is None:
            stamp = "" if row["held_at"] is None else f"{row['held_at']:%Y-%m-%d}"
            row["meeting_id"] = f"form-{row['client_id']}-{stamp}"
        return row

    def _answers(self, meeting: Mapping[str, Any], day: Any, rows: dict[str, list[dict[str, Any]]]) -> None:
        who = {name: meeting[name] for name in ("client_id", "contact_id")}
        for key in self.rows:
            kind, _, name = key.partition(".")
            if kind == "answer":
                low, high = _bounds(self.told(key, 5))
                score = self._number(key, low, high)
                if score is not None:
                    rows["survey_answers"].append(
                        {"answer_id": f"{meeting['meeting_id']}-{name}", "question_id": name, "answered_at": day,
                         "score": score, "manager_id": meeting["manager_id"], **who}
                    )  # fmt: skip
            elif kind in ("feedback", "ask") and (text := _text(self.told(key))):
                if kind == "ask":
                    text = f"{_text(self.told(key, 0))} – {text}"
                channel = "phone" if meeting["format"] == "call" else "meeting"
                rows["feedback"].append(
                    {"feedback_id": f"{meeting['meeting_id']}-{key}", "created_at": day, "channel": channel,
                     "field": name if kind == "feedback" else "free", "text": text, **who}
                )  # fmt: skip

    def _steps(self, meeting: Mapping[str, Any], day: Any, rows: dict[str, list[dict[str, Any]]]) -> None:
        for key in self.rows:
            kind, _, name = key.partition(".")
            if kind == "promise" and self._choice(key, "promise") == "done":
                rows["closed"].append({"action_id": name, "closed_at": day})
            elif kind == "action" and any(self.told(key, place) is not None for place in (1, 2, 3)):
                what, owner, due = _text(self.told(key, 1)), _id(self.told(key, 2)), self._day(key, 3)
                if what is None:
                    self.doubt("form_no_step", key)
                if due is None:
                    self.doubt("form_no_due", key)
                    due = pd.Timestamp(day) + pd.Timedelta(days=_DUE_DAYS)
                rows["actions"].append(
                    {"action_id": f"{meeting['meeting_id']}-{name}", "client_id": meeting["client_id"],
                     "source": "meeting", "source_id": meeting["meeting_id"], "opened_at": day, "due_at": due,
                     "owner_id": owner or meeting["manager_id"], "status": "open", "result": what}
                )  # fmt: skip

    def _choice(self, key: str, name: str) -> str | None:
        value = _text(self.told(key))
        if value is None:
            return None
        found = _choices(name).get(value.casefold())
        if found is None:
            self.doubt("form_value", key, value)
        return found

    def _number(self, key: str, low: float | None, high: float | None) -> float | None:
        value = self.told(key)
        if value is None:
            return None
        try:
            number = float(str(value).replace("\u00a0", "").replace(" ", "").replace(",", "."))
        except ValueError:
            number = float("nan")
        if not (number == number and (low is None or number >= low) and (high is None or number <= high)):
            self.doubt("form_value", key, value)
            return None
        return number

    def _day(self, key: str, place: int = 1) -> Any:
        value = self.told(key, place)
        day = _date(value)
        if value is not None and day is None:
            self.doubt("form_value", key, value)
        return day


def _accepted(cells: Sequence[Sequence[Any]], place: str, found: Findings) -> list[dict[str, Any]]:
    """Proposed actions that were accepted: row 3 of the sheet names the columns."""
    keys = [str(value) for value in cells[2]] if len(cells) > 2 else []
    out = []
    for number, line in enumerate(cells[4:], start=5):
        row = {key: _blank(value) for key, value in zip(keys, line) if key}
        said = _text(row.pop("accept", None))
        if said is None or row.get("action_id") is None:
            continue
        choice = _choices("accept").get(said.casefold())
        if choice is None:
            found.add("form_value", "warning", file=place, row=number, column="accept", rows=1, value=said)
        if choice != "yes":
            continue
        dates = {name: _date(row.get(name)) for name in ("opened_at", "due_at")}
        if dates["due_at"] is None:
            found.add("form_no_due", "warning", file=place, row=number, column="due_at", rows=1, value="")
            dates["due_at"] = pd.Timestamp(dates["opened_at"]) + pd.Timedelta(days=_DUE_DAYS)
        text = {
            name: _id(row.get(name))
            for name in ("action_id", "client_id", "unit_id", "source", "source_id", "owner_id")
        }
        text["source"] = _choices("source").get(str(text["source"]).casefold())
        out.append({**text, **dates, "status": "open", "result": _text(row.get("result"))})
    return out


def _choices(name: str) -> dict[str, str]:
    """What people may have chosen, in each language, with its key."""
    return {
        words.say(f"forms.{name}_{key}", language).casefold(): key
        for language in words.LANGUAGES
        for key in LISTS[name]
    } | {key: key for key in LISTS[name]}


def _blank(value: Any) -> Any:
    return None if value is None or (isinstance(value, str) and not value.strip()) else value


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (date, datetime)):
        value = f"{value:%Y-%m-%d}"
    return str(value).strip() or None


def _id(value: Any) -> str | None:
    text = _text(value)
    return None if text is None else text.split(ASIDE)[0].strip()


def _bounds(value: Any) -> tuple[float | None, float | None]:
    """Ends of a scale written as «1…10» in the form's last column."""
    parts = re.findall(r"-?\d+(?:\.\d+)?", str(value or ""))
    return (float(parts[0]), float(parts[1])) if len(parts) == 2 else (None, None)


def _date(value: Any) -> Any:
    if isinstance(value, datetime):
        return pd.Timestamp(value)
    if isinstance(value, date):
        return pd.Timestamp(value)
    match = _DAY.fullmatch(str(value).strip()) if value is not None else None
    parts = match.groups()[::-1] if match else None
    if parts is None and value is not None and (iso := _ISO.fullmatch(str(value).strip()[:10])):
        parts = iso.groups()
    if parts is None:
        return None
    try:
        return pd.Timestamp(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None
