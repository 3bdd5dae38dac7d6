"""What names of payment methods mean: one table for all platforms, in the languages of their shops."""

from functools import lru_cache

from services.contacts.orders.facts import PaymentKind

MARKS: tuple[tuple[PaymentKind, tuple[str, ...]], ...] = (
    (
        "cash_on_delivery",
        (
            "cash on delivery",
            "cash_on_delivery",
            "cod",
            "貨到付款",
            "货到付款",
            "代金引換",
            "代引",
            "착불",
            "contra reembolso",
        ),
    ),
    (
        "invoice",
        ("invoice", "purchase order", "purchase_order", "net terms", "billie", "請求書", "月結", "月结", "掛売"),
    ),
    (
        "transfer",
        (
            "bacs",
            "cheque",
            "check payment",
            "bank",
            "transfer",
            "wire",
            "money order",
            "sepa",
            "vorkasse",
            "ideal",
            "匯款",
            "汇款",
            "轉帳",
            "转账",
            "振込",
            "무통장",
        ),
    ),
    (
        "wallet",
        (
            "paypal",
            "ppcp",
            "ppec",
            "alipay",
            "支付寶",
            "支付宝",
            "wechat",
            "weixin",
            "微信",
            "line pay",
            "linepay",
            "line_pay",
            "jkopay",
            "街口",
            "paypay",
            "kakaopay",
            "naverpay",
            "apple pay",
            "apple_pay",
            "google pay",
            "google_pay",
            "amazon",
            "shop_pay",
            "klarna",
            "afterpay",
            "venmo",
        ),
    ),
    (
        "card",
        (
            "card",
            "credit",
            "shopify_payments",
            "woocommerce_payments",
            "woopayments",
            "stripe",
            "visa",
            "mastercard",
            "amex",
            "american_express",
            "jcb",
            "square",
            "adyen",
            "braintree",
            "authorize",
            "checkout_com",
            "mollie",
            "ecpay",
            "newebpay",
            "tappay",
            "bogus",
            "信用卡",
            "クレジット",
            "카드",
        ),
    ),
)
"""The first kind with a fitting mark counts; short marks fit whole words only."""

CREDIT = ("gift", "store_credit", "store credit", "voucher", "禮物卡", "礼品卡", "ギフト")
SHORT = 5


@lru_cache(maxsize=1024)
def payment_kind(names: tuple[str, ...]) -> PaymentKind | None:
    """Return the kind of payment that method names mean; None without any, `other` where none is known.

    Gift cards and store credit beside another method do not decide: they are how a part was paid, not the way.
    """
    known = [name.casefold() for name in names if name]
    ways = [name for name in known if not any(mark in name for mark in CREDIT)]
    for kind, marks in MARKS:
        if any(fits(mark, name) for name in ways for mark in marks):
            return kind
    return "other" if known else None


def fits(mark: str, name: str) -> bool:
    """Tell whether a mark stands in a name; a short Latin one must be a word of its own (cod, but not barcode)."""
    if len(mark) > SHORT or not mark.isascii():
        return mark in name
    return mark in "".join(letter if letter.isalnum() else " " for letter in name).split()
