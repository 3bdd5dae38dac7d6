"""Names of payment methods."""

import pytest

from services.contacts.sources.adapters.payments import payment_kind


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["cod", "Cash on delivery"], "cash_on_delivery"),
        (["Cash on Delivery (COD)"], "cash_on_delivery"),
        (["貨到付款"], "cash_on_delivery"),
        (["代金引換"], "cash_on_delivery"),
        (["bacs", "Direct bank transfer"], "transfer"),
        (["cheque", "Check payments"], "transfer"),
        (["銀行振込"], "transfer"),
        (["Bank Deposit"], "transfer"),
        (["invoice"], "invoice"),
        (["purchase_order"], "invoice"),
        (["paypal"], "wallet"),
        (["ppcp-gateway", "PayPal"], "wallet"),
        (["LINE Pay"], "wallet"),
        (["stripe_alipay"], "wallet"),
        (["shopify_payments"], "card"),
        (["stripe", "Kreditkarte"], "card"),
        (["visa", "bogus"], "card"),
        (["gift_card", "shopify_payments"], "card"),
        (["gift_card"], "other"),
        (["barcode"], "other"),
        (["manual"], "other"),
        ([""], None),
        ([], None),
    ],
)
def test_a_method_name_means_a_kind(names: list[str], kind: str | None) -> None:
    assert payment_kind(tuple(names)) == kind
