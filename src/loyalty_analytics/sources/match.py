"""One client under several spellings: what is the same for sure, and what a person should look at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, islice, product
from typing import Any

import numpy as np
import pandas as pd

from .findings import Findings
from .values.alike import alike_pairs
from .values.codes import tax_number_holds
from .values.companies import normal_name

__all__ = ["apply", "candidates", "proposals", "same_owner"]

_CLOSE = 88.0  # score from which a pair is shown to a person
_MOST_PAIRS = 500  # of one kind that are shown


def candidates(clients: pd.DataFrame, decided: pd.DataFrame | None = None) -> pd.DataFrame:
    """Pairs of clients that may be one, for a person to accept or reject.

    Parameters
    ----------
    clients : client_id, client_name; tax_id where known
    decided : client_id, other_id, decision of former runs; a decided pair keeps its decision

    Returns
    -------
    pandas.DataFrame
        client_id, client_name, other_id, other_name, score 0-100, reason {same_name, same_tax, similar},
        decision {accept, reject, ''}. The same name with the same tax number or with none is proposed as
        ``same_name``; other legal forms and other figures («Ромашка-2») are only ``similar``.
    """
    clients = clients.sort_values("client_id", kind="stable")  # the order of a file decides nothing
    rows = [*_same(clients), *_similar(clients)]
    columns = ["client_id", "client_name", "other_id", "other_name", "score", "reason", "decision"]
    table = pd.DataFrame(rows, columns=columns[:-1]).drop_duplicates(["client_id", "other_id"])
    known = _decisions(decided)
    table["decision"] = [known.get(pair, "") for pair in zip(table["client_id"], table["other_id"])]
    return table.sort_values(["score", "client_name"], ascending=[False, True], ignore_index=True)[columns]


def _decisions(decided: pd.DataFrame | None) -> dict[tuple[str, str], str]:
    """The decision on a pair, whichever of the two comes first."""
    if decided is None:
        return {}
    said = decided[decided["decision"].notna() & (decided["decision"].astype("str").str.strip() != "")]
    left, right, words = (said[name].astype("str") for name in ("client_id", "other_id", "decision"))
    return dict(zip([*zip(left, right), *zip(right, left)], [*words, *words]))


def proposals(frames: dict[str, pd.DataFrame], decided: pd.DataFrame) -> pd.DataFrame:
    """All pairs of a client's tables for a person: alike names, same tax numbers, one owner; with the decisions."""
    clients = frames.get("clients")
    if clients is None or clients.empty:
        return candidates(pd.DataFrame({"client_id": [], "client_name": []}, dtype="str"), decided)
    loose = clients[clients["group_id"].isna() | (clients["group_id"] == clients["client_id"])]
    pairs = candidates(loose[loose["client_name"] != loose["client_id"]], decided)
    owners = same_owner(clients, frames.get("transactions", pd.DataFrame()), frames.get("contacts", pd.DataFrame()))
    if len(owners):
        names = clients.drop_duplicates("client_id").set_index("client_id")["client_name"]
        groups = clients.drop_duplicates("client_id").set_index("client_id")["group_id"]
        apart = (owners["client_id"].map(groups) != owners["other_id"].map(groups)).fillna(True).to_numpy(dtype=bool)
        owners = owners[apart]
        known = _decisions(decided)
        extra = pd.DataFrame(
            {
                "client_id": owners["client_id"], "client_name": owners["client_id"].map(names),
                "other_id": owners["other_id"], "other_name": owners["other_id"].map(names), "score": 100.0,
                "reason": "same_owner: " + owners["shared"],
                "decision": [known.get(pair, "") for pair in zip(owners["client_id"], owners["other_id"])],
            }
        )  # fmt: skip
        pairs = pd.concat([pairs, extra], ignore_index=True) if len(pairs) else extra
    # A decision outlives the reason that it was asked for.
    listed = {*zip(pairs["client_id"], pairs["other_id"]), *zip(pairs["other_id"], pairs["client_id"])}
    kept = [pair not in listed for pair in zip(decided["client_id"], decided["other_id"])]
    former = decided[np.array(kept, dtype=bool) & (decided["decision"] != "").to_numpy(dtype=bool)]
    return pd.concat([pairs, former], ignore_index=True)[list(pairs)] if len(former) else pairs


def apply(frames: dict[str, pd.DataFrame], pairs: pd.DataFrame, found: Findings) -> None:
    """Give accepted pairs a common group; tell how many wait for a decision."""
    waiting = pairs[pairs["decision"] == ""]
    if len(waiting):
        found.add("match_candidates", "warning", file="matches.csv", rows=len(waiting))
    accepted = pairs[pairs["decision"] == "accept"]
    if accepted.empty:
        return
    clients = frames["clients"]
    group = dict(zip(clients["client_id"], clients["group_id"].fillna(clients["client_id"])))
    members: dict[str, list[str]] = {}
    for client, name in group.items():
        members.setdefault(name, []).append(client)
    for one, other in zip(accepted["client_id"], accepted["other_id"]):
        if one in group and other in group and group[one] != group[other]:
            joining = members.pop(group[other])
            members[group[one]] += joining
            group.update(dict.fromkeys(joining, group[one]))
    sizes = pd.Series(group).value_counts()
    joined = clients["client_id"].map(group)
    frames["clients"] = clients.assign(group_id=joined.where(joined.map(sizes) > 1).astype("str"))
    found.add("match_accepted", file="matches.csv", rows=len(accepted))


def _same(clients: pd.DataFrame) -> list[tuple[str, str, str, str, float, str]]:
    rows = []
    known = clients[clients["client_name"].notna()]
    normal = known["client_name"].map(normal_name)
    for reason, keys in (("same_tax", _valid_tax(known)), ("same_name", normal.map(" ".join))):
        keys = keys[keys.notna() & keys.duplicated(keep=False)]
        for _, group in known.loc[keys.index].groupby(keys, sort=True):
            ids, names = group["client_id"].astype(str).tolist(), group["client_name"].tolist()
            taxes = set(_valid_tax(group).dropna())
            if reason == "same_name" and len(taxes) > 1:
                continue  # namesakes: their tax numbers differ
            rows += [(ids[0], names[0], other, name, 100.0, reason) for other, name in zip(ids[1:], names[1:])]
    return rows


def _valid_tax(clients: pd.DataFrame) -> pd.Series:
    if "tax_id" not in clients:
        return pd.Series(None, index=clients.index, dtype="str")
    return clients["tax_id"].where(clients["tax_id"].map(lambda number: tax_number_holds(str(number))))


def _similar(clients: pd.DataFrame) -> list[tuple[str, str, str, str, float, str]]:
    known = clients[clients["client_name"].notna()].reset_index(drop=True)
    words = [normal_name(name)[1] for name in known["client_name"]]
    ids, names = known["client_id"].astype(str).tolist(), known["client_name"].tolist()
    taxes = _valid_tax(known).fillna("").tolist()
    rows: dict[str, dict[str, list[int]]] = {}
    for place in range(len(ids)):
        rows.setdefault(words[place], {}).setdefault(taxes[place], []).append(place)
    found = [*islice(_of_one_name(rows), _MOST_PAIRS), *islice(_of_alike_names(rows), _MOST_PAIRS)]
    pairs = [(min(one, other), max(one, other), round(score, 1)) for one, other, score in found]
    return sorted((ids[one], names[one], ids[other], names[other], score, "similar") for one, other, score in pairs)


def _of_one_name(rows: Mapping[str, Mapping[str, list[int]]]) -> Iterator[tuple[int, int, float]]:
    """Pairs of rows of each name, whatever their tax numbers: legal forms differ, or the numbers do."""
    for word in sorted(rows):
        for one, other in combinations(chain(*rows[word].values()), 2):
            yield one, other, 100.0


def _of_alike_names(rows: Mapping[str, Mapping[str, list[int]]]) -> Iterator[tuple[int, int, float]]:
    """Pairs of rows of alike names, shorter ones first; two tax numbers tell two clients apart."""
    words = sorted(rows, key=lambda word: (len(word), word))
    for part in alike_pairs(words, _CLOSE):
        for one, other, score in zip(*(column.tolist() for column in part)):
            right = rows[words[other]]
            for tax, left in rows[words[one]].items():
                fitting = chain(right.get(tax, ()), right.get("", ())) if tax else chain(*right.values())
                for pair in product(left, fitting):
                    yield *pair, score


def same_owner(
    clients: pd.DataFrame, transactions: pd.DataFrame, contacts: pd.DataFrame, *, months: int = 3
) -> pd.DataFrame:
    """Legal entities that may have one owner: one stops and another with the same phone, e-mail or person begins.

    Parameters
    ----------
    months : the second one begins at most so many months after the last order of the first

    Returns
    -------
    pandas.DataFrame
        client_id (who stopped), other_id (who began), stopped, began (days), shared (what they share).
    """
    columns = ["client_id", "other_id", "stopped", "began", "shared"]
    if transactions.empty or contacts.empty:
        return pd.DataFrame(columns=columns)
    spans = transactions.groupby("client_id")["date"].agg(["min", "max"])
    shared = _shared(contacts)
    last_day = transactions["date"].max()
    rows = []
    for (one, other), marks in sorted(shared.items()):
        if one not in spans.index or other not in spans.index:
            continue
        for stops, begins in ((one, other), (other, one)):
            stopped: Any
            began: Any
            stopped, began = spans.at[stops, "max"], spans.at[begins, "min"]
            ended = stopped < last_day - pd.DateOffset(months=months)
            if ended and stopped - pd.DateOffset(months=1) <= began <= stopped + pd.DateOffset(months=months):
                rows.append((stops, begins, stopped.normalize(), began.normalize(), ", ".join(sorted(marks))))
    return pd.DataFrame(rows, columns=columns)


def _shared(contacts: pd.DataFrame) -> dict[tuple[str, str], set[str]]:
    """Pairs of clients with the same phone, e-mail or full name of a contact."""
    found: dict[tuple[str, str], set[str]] = {}
    for column, clean in (("phone", _phone), ("email", _mail), ("full_name", _person)):
        if column not in contacts:
            continue
        keys = contacts[column].map(clean, na_action="ignore")
        keys = keys[keys.notna() & (keys != "") & keys.duplicated(keep=False)]
        for _, group in contacts.loc[keys.index].groupby(keys, sort=True):
            ids: Sequence[str] = sorted(set(group["client_id"].astype(str)))
            if not 1 < len(ids) <= 5:  # a switchboard or a free mail box joins nobody
                continue
            for place, one in enumerate(ids):
                for other in ids[place + 1 :]:
                    found.setdefault((one, other), set()).add(column)
    return found


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", str(text))
    return digits[-10:] if len(digits) >= 10 else ""


def _mail(text: str) -> str:
    return str(text).strip().casefold()


def _person(text: str) -> str:
    words = str(text).casefold().replace("ё", "е").split()
    return " ".join(sorted(words)) if len(words) > 1 else ""
