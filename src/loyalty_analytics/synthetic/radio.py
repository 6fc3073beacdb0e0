"""«Радиохолдинг»: three stations, 60 clients, 36 months ending in October 2026."""

from __future__ import annotations

import pandas as pd

from . import radio_cards as cards
from . import radio_loop as loop
from . import radio_trade as trade
from . import radio_voice as voice
from .people import vocabulary
from .radio_story import LAST, SILENT, story, volumes
from .world import World

__all__ = ["radio"]


def radio(seed: int = 2026) -> World:
    """Build the radio group from a seed.

    Returns
    -------
    World with all canonical tables; truth: ``story`` (client_id, kind, break_month, size, event),
    ``silent`` (client_id), ``causes`` (feedback_id, cause, topic, tone), ``channels`` (channel, pays_back).
    """
    ahead = volumes(seed)
    deals = trade.transactions(ahead, seed)
    volume = ahead.loc[:LAST]
    clients = cards.clients(volume, seed)
    people = cards.contacts(clients, seed)
    interviews = voice.survey(volume, people, seed)
    feedback, causes = voice.write_feedback(interviews["survey_answers"], seed)
    talks = loop.meetings(volume, interviews, seed)
    problems = loop.complaints(volume, seed)
    tables = {
        "clients": clients,
        "contacts": people,
        "managers": cards.managers(),
        "units": cards.units(),
        "manager_assignments": trade.served_by(),
        "products": cards.products(),
        "transactions": deals,
        "deliveries": trade.deliveries(deals, seed),
        "client_budgets": trade.budgets(volume, seed),
        "offers": trade.offers(deals, volume, seed),
        "questions": voice.questions(),
        **interviews,
        "feedback": feedback,
        "meetings": talks,
        "actions": loop.actions(interviews, problems, talks, seed),
        "complaints": problems,
        "events": loop.events(volume, seed),
        "marketing_spend": loop.marketing(seed),
        "funnel_events": loop.funnel(volume, seed),
        "referrals": cards.referrals(clients, deals, seed),
        "targets": cards.targets(deals, seed),
        "useful_dates": cards.useful_dates(clients, people, seed),
    }
    names = vocabulary("radio_clients")["channel_names"]
    channels = pd.DataFrame(
        {"channel": [names[c] for c in ("site", "calls", "expo")], "pays_back": [True, True, False]}
    )
    truth = {"story": story(), "silent": pd.DataFrame({"client_id": SILENT}), "causes": causes, "channels": channels}
    return World("radio", tables, truth)
