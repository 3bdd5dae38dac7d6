import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.problems import BadRequest, Invalid
from services.kit.web.json_body import MAX_DEPTH, read_json


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":1,"a":2}', "duplicate_key"),
        (b'{"x":{"a":1,"a":1}}', "duplicate_key"),
        (b'{"a":NaN}', "not_json"),
        (b"[Infinity]", "not_json"),
        (b"{", "not_json"),
        (b"", "not_json"),
        (b"\xff\xfe", "not_utf8"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b"[" * 100_000, "too_deep"),
    ],
)
def test_what_is_not_our_json_is_a_400(raw: bytes, code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_json(raw)
    assert caught.value.errors[0].code == code


@pytest.mark.parametrize("raw", [b'{"n":["ok","\\u0000"]}', b'{"n":["ok","\\ud800"]}'])
def test_text_that_cannot_be_stored_is_a_422_that_names_the_place(raw: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        read_json(raw)
    assert caught.value.errors[0].pointer == "#/n/1"


def test_the_greatest_allowed_depth_passes() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_many_siblings_are_not_depth() -> None:
    assert len(read_json(b"[" + b"{}," * 99 + b"{}]")) == 100


def test_text_is_brought_to_nfc() -> None:
    assert read_json('{"cafe\u0301":"e\u0301 \uac00"}'.encode()) == {"caf\xe9": "\xe9 \uac00"}


@given(st.text(st.sampled_from('\u0301\u0338\u1161\u1100\u212b"/\\=<en \n\t\xe9\uac00'), max_size=6), st.booleans())
def test_text_is_in_nfc_however_it_is_written(text: str, escaped: bool) -> None:
    written = json.dumps([text], ensure_ascii=escaped).replace("/", "\\/")
    assert read_json(written.encode()) == [unicodedata.normalize("NFC", text)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii", exclude_characters="\0")),
        st.lists,
        max_leaves=20,
    )
)
def test_ordinary_values_come_through_unchanged(value: object) -> None:

    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value
