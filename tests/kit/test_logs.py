from services.kit.logs import mask, mask_text


def test_personal_values_and_secrets_are_hidden_by_name_and_by_look() -> None:
    event = mask(
        None,
        "info",
        {
            "event": "person lin@example.com called +886 912 345 678 with kith_live_0123456789_abc",
            "email": "lin@example.com",
            "secret": "hush",
            "ids": 3,
        },
    )
    assert event == {
        "event": "person [email] called [phone] with [key]",
        "email": "[hidden]",
        "secret": "[hidden]",
        "ids": 3,
    }


def test_tokens_are_hidden() -> None:
    assert mask_text("got eyJhbGciOi.eyJpc3Mi.c2ln") == "got [key]"


def test_ordinary_words_stay() -> None:
    assert mask_text("batch of 200 done in 0.4 s") == "batch of 200 done in 0.4 s"
