"""What the base brings: cheque, cost of winning, payback, channels, funnel, wallet, plan, receivables."""

from .channels import channels
from .metrics import base_metrics
from .plan import plan_fact
from .receivables import receivables
from .wallet import wallet_share

__all__ = ["base_metrics", "channels", "plan_fact", "receivables", "wallet_share"]
