"""What the base brings: cheque, cost of winning, payback, channels, funnel, wallet, plan, receivables."""

from .channels import channels
from .extras import deliveries, keeping_and_winning, referrals, stated_plans
from .funnel import funnel
from .metrics import base_metrics
from .payback import cheque_spread, payback
from .plan import plan_fact
from .products import next_products
from .receivables import receivables
from .wallet import wallet_share

__all__ = [
    "base_metrics", "channels", "cheque_spread", "deliveries", "funnel", "keeping_and_winning", "next_products",
    "payback", "plan_fact", "receivables", "referrals", "stated_plans", "wallet_share",
]  # fmt: skip
