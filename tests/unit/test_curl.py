"""A stored call as a curl command: pasted into a shell, exactly that call is made, and nothing else happens."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.curl import as_curl
from connector.redact import MASK
from tests.unit.story_given import CALL

HOSTILE = 'it\'s $HOME `id` $(id) \\ "q" !! \x1b[201~\nrm -rf x\r\n\ttab; & | > < * ? ~ # é\u200b\x85'


def words(command: str) -> list[str]:
    """What bash would hand to curl."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\nTOKEN=one TOKEN_2=two\n{command}\n"
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, check=True, timeout=20)
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def test_what_was_redacted_is_a_variable_and_all_else_is_taken_to_the_letter() -> None:
    call = {
        **CALL,
        "url": "https://shop.example/V1/orders?searchCriteria[filter_groups][0]=it's&token=***",
        "request_headers": {"Authorization": f"Bearer {MASK}", "Host": "shop.example", "X-Empty": "", "@x": "y"},
        "request_body": HOSTILE,
    }  # fmt: skip
    command = as_curl(call)
    assert "\x1b" not in command
    assert words(command) == [
        "--globoff",
        "--request",
        "POST",
        "--url",
        "https://shop.example/V1/orders?searchCriteria[filter_groups][0]=it's&token=one",
        "--header",
        "Authorization: Bearer two",
        "--header",
        "X-Empty;",
        "--header",
        "@x: y",
        "--data-raw",
        HOSTILE,
    ]


def test_a_body_of_which_not_all_was_kept_is_told_so() -> None:
    cut = as_curl({**CALL, "request_body": '{"a": "b… (cut, 20000 bytes in all)'})
    assert cut.startswith("# The body was not kept whole")
    assert "# The body" not in as_curl({**CALL, "request_body": '"(cut, 5 bytes in all)"'})


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_any_text_comes_out_of_the_shell_as_it_went_in(text: str) -> None:
    text = text.replace(MASK, "")
    assert words(as_curl({**CALL, "request_headers": {}, "request_body": f"x{text}"}))[-1] == f"x{text}"
