"""What people call the channels, categories, topics and metrics: in the report and on the page."""

from __future__ import annotations

# Topics that say nothing about what a ticket is about.
NO_TOPICS = ("unclear", "unknown")
# What is not listed is written as it is, with spaces.
NAMES: dict[str, str] = {
    "whatsapp": "WhatsApp",
    "in_app": "in-app chat",
    "email": "e-mail",
    "chatbot": "chatbot",
    "pix": "Pix",
    "boleto": "boleto",
    "others": "other",
    "place_order": "placing orders",
    "page_error": "errors on the checkout page",
    "card_declined": "declined cards",
    "bug_report": "errors in the product",
    "contact_support": "reaching support",
    "unclear": "no clear topic",
    "smalltalk": "greetings and thanks",
    "open_rate": "open rates",
    "payout": "payouts",
    "newsletter": "newsletters",
    "refund": "refunds",
    "chargeback": "chargebacks",
    "coupon": "coupons",
    "transfer": "transfers",
    "invoice": "invoices",
    "password": "passwords",
    "balance": "balances",
    "cart": "the cart",
    "pricing": "prices",
    "payment_method": "payment methods",
    "duplicate_charge": "double charges",
    "charge": "charges",
    "tax": "taxes",
    "notification": "notifications",
    "delivery": "delivery of content",
    "deliverability": "delivery of e-mails",
    "access_not_released": "access not released",
    "account": "account data",
    "all": "all tickets",
    "frt_avg_minutes": "average time to the first response",
    "frt_sla_met_rate": "share of first responses within target",
    "resolution_sla_met_rate": "share of resolutions within target",
}

# What a figure is called where it stands alone: on the page's cards, in the report's key figures.
TITLES: dict[str, str] = {
    "tickets_created": "Tickets created",
    "resolved_count": "Resolved",
    "backlog_closing_count": "Open backlog",
    "closed_without_solution_count": "Closed without solution",
    "frt_median_minutes": "First response, median",
    "frt_avg_minutes": "First response, average",
    "frt_p95_minutes": "First response, p95",
    "resolution_median_minutes": "Resolution, median",
    "fcr_strict_rate": "FCR strict",
    "fcr_lenient_rate": "FCR lenient",
    "frt_sla_met_rate": "First response SLA met",
    "resolution_sla_met_rate": "Resolution SLA met",
}
