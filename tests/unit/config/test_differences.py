from __future__ import annotations

from framework.config import compose, differences

AD_HOC = ("scorer.name=a", "input=/data")


def document(*overrides: str) -> dict[str, object]:
    return compose([*AD_HOC, *overrides]).document


def test_equal_settings_do_not_differ() -> None:
    assert differences(document(), document()) == []
    assert differences(document("retry_settings.timeout=30"), document()) == []


def test_who_the_job_is_does_not_count() -> None:
    assert differences(document("name=a", "+tags.x=1", "workspace=w"), document("name=b")) == []


def test_each_key_that_differs_is_a_line() -> None:
    lines = differences(
        document("mini_batch_size=10", "+environment_variables.A=1"),
        document("mini_batch_size=20", "input=[/data, /more]", "output.separator=;"),
    )
    assert lines == [
        "input: ['/data'] -> ['/data', '/more']",
        "environment_variables.A: '1' -> not set",
        "mini_batch_size: 10 -> 20",
        "output.separator: null -> ';'",
    ]


def test_a_secret_is_not_said_and_a_signature_makes_no_difference() -> None:
    (line,) = differences(document("+environment_variables.KEY=geheim"), document())
    assert "geheim" not in line
    first, second = (document(f"input=https://h/x?sv=1&se={n}&sig={n}") for n in (1, 2))
    assert differences(first, second) == []


def test_a_record_older_than_a_key_does_not_differ_while_the_key_has_its_default() -> None:
    old = document()
    del old["keep_alive"]
    assert differences(old, document()) == []
    assert differences(old, document("keep_alive=5")) == ["keep_alive: not set -> 5.0"]
