"""plan.ics under readers of other hands, each where it is there: vobject and ics (Python), ical.js and node-ical.

python -m venv /tmp/ics && /tmp/ics/bin/pip install vobject ics
npm i --prefix /tmp/ics ical.js node-ical
ICS_PYTHON=/tmp/ics/bin/python NODE_MODULES_DIR=/tmp/ics/node_modules pytest tests/visits/test_visits_ics.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from icalendar import Calendar

from loyalty_analytics.exhibits.meetings_diary import calendar_file, plain_id
from loyalty_analytics.months import as_of

# Each prints how many entries it read, the UIDs and the starts in universal time.
VOBJECT = """
import json, sys, vobject
from datetime import timezone
calendar = vobject.readOne(open(sys.argv[1], encoding="utf-8", newline="").read())
calendar.validate(raiseException=True)
print(json.dumps([[e.uid.value, e.dtstart.value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M")]
                  for e in calendar.vevent_list]))
"""
ICS = """
import json, sys, ics
events = ics.Calendar(open(sys.argv[1], encoding="utf-8", newline="").read()).events
print(json.dumps([[e.uid, e.begin.to("utc").strftime("%Y-%m-%dT%H:%M")] for e in events]))
"""
ICAL_JS = """
const fs = require("fs"), path = require("path");
const place = path.join(process.env.NODE_MODULES_DIR, "ical.js", "package.json");
const main = path.join(path.dirname(place), require(place).module || require(place).main);
import("file://" + main).then(found => {
  const ICAL = found.default;
  ICAL.design.strict = true;
  const calendar = new ICAL.Component(ICAL.parse(fs.readFileSync(process.argv[1], "utf8")));
  calendar.getAllSubcomponents("vtimezone").forEach(zone => ICAL.TimezoneService.register(zone));
  console.log(JSON.stringify(calendar.getAllSubcomponents("vevent").map(part => {
    const event = new ICAL.Event(part);
    return [event.uid, event.startDate.toJSDate().toISOString().slice(0, 16)];
  })));
});
"""
NODE_ICAL = """
const path = require("path");
const events = require(path.join(process.env.NODE_MODULES_DIR, "node-ical")).sync.parseFile(process.argv[1]);
console.log(JSON.stringify(Object.values(events).filter(event => event.type === "VEVENT").map(
  event => [event.uid, event.start.toISOString().slice(0, 16)])));
"""
READERS = {"vobject": VOBJECT, "ics": ICS, "ical.js": ICAL_JS, "node-ical": NODE_ICAL}


@pytest.fixture(scope="module")
def calendar(tmp_path_factory):
    """A plan with hostile texts, in Moscow and in Berlin (summer time ends in between)."""
    rows = pd.DataFrame({
        "client_id": ["A;1", "B,2", "C3"], "number": [1, 2, 7], "format": ["meeting", "call", "online"],
        "start": pd.to_datetime(["2026-10-23 10:00", "2026-10-26 10:00", "2026-12-11 17:00"]),
        "name": ["ООО «Длинное имя, с запятой; и точкой с запятой» " * 3, "back\\slash\nline", "=cmd"],
        "aim": "a", "because": "b: c", "visitor": "v", "agreed": [True, False, False],
        "address": ["ул. Ленина, 1", None, None],
    })  # fmt: skip
    folder = tmp_path_factory.mktemp("ics")
    files = {}
    for zone in ("Europe/Moscow", "Europe/Berlin"):
        file = folder / f"{zone.split('/')[1]}.ics"
        file.write_bytes(calendar_file(rows, "t", "demo", as_of("2026-09"), zone, "ru"))
        local = rows["start"].dt.tz_localize(zone).dt.tz_convert("UTC")
        parts = zip(rows["client_id"], rows["number"])
        uids = [f"demo-{plain_id(client)}-{number}@loyalty-analytics" for client, number in parts]
        files[file] = sorted([uid, f"{at:%Y-%m-%dT%H:%M}"] for uid, at in zip(uids, local))
    return files


@pytest.mark.parametrize("reader", READERS)
def test_other_readers_see_the_same_entries(calendar, reader):
    if READERS[reader] in (VOBJECT, ICS):
        program = [os.environ.get("ICS_PYTHON", sys.executable), "-W", "ignore", "-c"]
        there = subprocess.run([*program, f"import {reader}"], capture_output=True).returncode == 0
    else:
        modules = os.environ.get("NODE_MODULES_DIR", "")
        program = [shutil.which("node") or "node", "-e"]
        there = bool(shutil.which("node")) and os.path.isdir(os.path.join(modules, reader))
    if not there:
        pytest.skip(f"{reader} is not installed (see the first lines of this file)")
    for file, wanted in calendar.items():
        done = subprocess.run([*program, READERS[reader], str(file)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert sorted(json.loads(done.stdout)) == wanted


def test_texts_come_back_whole(calendar):
    events = Calendar.from_ical(next(iter(calendar)).read_bytes()).walk("VEVENT")
    names = [str(event["summary"]) for event in events]
    assert any("с запятой; и точкой" in name for name in names)
    assert any("back\\slash\nline" in name for name in names)
