"""Signatures over raw bytes, and keys of deliveries."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.sources.adapters.base import hmac_sha256_base64_fits, kept_headers, key_of
from services.contacts.sources.adapters.shopify import Shopify
from services.contacts.sources.adapters.woocommerce import WooCommerce, decode_special_chars
from tests.samples.deliveries import SHARED, sample, signature

VECTORS = json.loads((SHARED / "vectors.json").read_bytes())["vectors"] if SHARED.is_dir() else []
BODY = sample("shopify/orders-create-paid")


class TestSignature:
    def test_the_raw_bytes_are_signed(self) -> None:
        assert hmac_sha256_base64_fits(signature(BODY), BODY, [b"hush-4f1c2d"])
        assert not hmac_sha256_base64_fits(signature(BODY), BODY + b" ", [b"hush-4f1c2d"])

    def test_either_of_two_secrets_may_have_signed(self) -> None:
        keys = [b"new", b"old"]
        assert hmac_sha256_base64_fits(signature(BODY, "old"), BODY, keys)
        assert hmac_sha256_base64_fits(signature(BODY, "new"), BODY, keys)
        assert not hmac_sha256_base64_fits(signature(BODY, "older"), BODY, keys)

    def test_without_secrets_nothing_fits(self) -> None:
        assert not hmac_sha256_base64_fits(signature(BODY), BODY, [])

    @pytest.mark.parametrize("broken", ["", "=", "wronghash", "XXXXXaGVsbG8=", "é", "a" * 10_000, signature(BODY)[:-1]])
    def test_a_broken_signature_is_refused_without_an_error(self, broken: str) -> None:
        assert not hmac_sha256_base64_fits(broken, BODY, [b"hush-4f1c2d"])

    def test_spare_bits_at_the_end_must_be_zero(self) -> None:
        good = signature(BODY)
        spare = good[:-2] + chr(ord(good[-2]) + 1) + "="
        assert not hmac_sha256_base64_fits(spare, BODY, [b"hush-4f1c2d"])

    @given(st.text(max_size=60))
    def test_no_header_whatsoever_raises(self, given_text: str) -> None:
        assert not hmac_sha256_base64_fits(given_text, BODY, [b"key"])

    @pytest.mark.parametrize(
        "vector", [one for one in VECTORS if one["platform"] == "shopify"], ids=lambda one: str(one["id"])
    )
    def test_known_answers(self, vector: dict[str, Any]) -> None:
        adapter = Shopify()
        headers = {name.lower(): value for name, value in vector["headers"].items()}
        signed = adapter.is_signed(headers, vector["body"].encode(), [adapter.signing_key(vector["secret"])])
        assert signed is vector["expect_valid"]


class TestWordPressSecret:
    @pytest.mark.parametrize(
        ("shown", "signs"),
        [
            ("plain", "plain"),
            ("a&amp;b", "a&b"),
            ("&lt;&gt;&quot;&#039;&#39;&#x27;&#X0027;", "<>\"''''"),
            ("&#060;&#62;&#0038;&#x26;&#034;&#x22;", '<>&&""'),
            ("&amp;lt;", "&lt;"),
            ("&ndash;&#65;&#x41;", "&ndash;&#65;&#x41;"),
        ],
    )
    def test_a_secret_signs_as_wordpress_decodes_it(self, shown: str, signs: str) -> None:
        assert decode_special_chars(shown) == signs
        adapter = WooCommerce()
        headers = {"x-wc-webhook-signature": signature(BODY, signs)}
        assert adapter.is_signed(headers, BODY, [adapter.signing_key(shown)])


class TestKey:
    def test_parts_do_not_run_together(self) -> None:
        assert key_of("ab", "c") != key_of("a", "bc")

    @given(st.text(max_size=20))
    def test_any_text_makes_a_key(self, part: str) -> None:
        assert key_of(part) == key_of(part)

    def test_headers_are_kept_bounded_and_printable(self) -> None:
        kept = kept_headers({"a": "x\x00\n" + "y" * 300, "b": "z", "c": "no"}, ["a", "b", "d"])
        assert kept == {"a": "x" + "y" * 254, "b": "z"}
