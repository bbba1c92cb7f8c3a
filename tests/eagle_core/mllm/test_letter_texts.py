"""Free-text answers: no wrong letter on hundreds of texts, few lost, and the read letter stays an option's."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.mllm.parsing import parse_letter
from tests.eagle_core.mllm.letter_texts import ALL, YES_NO
from tests.eagle_core.mllm.odd_letter_texts import ODD


@pytest.mark.parametrize(("texts", "lost", "clear", "unclear"), [(ALL, 10, 440, 300), (ODD, 5, 175, 480)])
def test_no_text_gives_a_wrong_letter_and_few_are_lost(texts, lost, clear, unclear):
    """``lost``: clear answers that are read as none, at most; a wrong letter is worse."""
    read = [(parse_letter(text, options), wanted, text) for options, wanted, text in texts]
    wrong = [(text, got, wanted) for got, wanted, text in read if got not in (None, wanted)]
    unread = [text for got, wanted, text in read if got is None and wanted is not None]
    assert not wrong
    assert len(unread) <= lost, unread
    nones = Counter(wanted for _, wanted, _ in read)[None]
    assert nones > unclear and len(read) - nones > clear


@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("<think>The answer is A.</think>\n", ""), ("A. Yes.\nB. No.\n\n", ""), ("Answer: A\n\n", ""), ("", "<|im_end|>"), ("", "\n\nQuestion: Where? Answer: A")],
)
@pytest.mark.parametrize("marked", ["Answer: B", "\\boxed{B}", "<answer>B</answer>", "答案：B", "The answer is B.", "**Answer:** (B) No."])
def test_the_last_marked_answer_counts_whatever_stands_around_it(before, after, marked):
    assert parse_letter(before + marked + after, YES_NO) == "B"


PIECES = st.sampled_from(
    ["A", "B", "a", "b", ".", ")", "(", " ", "\n", ",", "Answer:", "answer is", "not", "or", "Yes", "No", "?", "**", "\\boxed{", "}", "<think>", "</think>", "<answer>",
     "</answer>", '{"answer": "', '"}', "答案", "是", "不", "wait", "option", "A. Yes.", "B. No.", "if", "’", "\ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16")]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_is_put_together_gives_an_options_letter_or_none(text):
    assert parse_letter(text, YES_NO) in {None, "A", "B"}


@given(st.sampled_from(["A", "B"]), st.text("xyz ,.\n", max_size=30))
def test_a_denied_answer_is_never_read(letter, around):
    assert parse_letter(f"{around}The answer is not {letter}", YES_NO) is None


@given(st.integers(0, 2000), st.sampled_from(["answer\n", "| ", "B ", "answer: ", "<answer>", "\n", "\\boxed{", "{", "A or "]))
def test_a_model_that_repeats_itself_to_the_end_is_read_all_the_same(times, piece):
    assert parse_letter(piece * times, YES_NO) in {None, "A", "B"}
