"""Whom to see: rules, the plan of visits, the closed loop, the effect of visits and the dossier."""
