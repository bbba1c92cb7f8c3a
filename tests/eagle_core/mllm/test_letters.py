from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from eagle_core.errors import ModelError
from eagle_core.mllm.letters import letter_tokens

VOCABULARY = {token: i for i, token in enumerate(["<end>", "A", "B", "ĠA", "ĠB", ":", "Ċ", "t", "Ġ", "C"])}


@pytest.fixture(scope="module")
def tokenizer():
    """Byte-level BPE that knows `` A`` and `` B`` as one token, but not `` C``."""
    bpe = Tokenizer(models.BPE(VOCABULARY, [("Ġ", "A"), ("Ġ", "B")]))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<end>")


@pytest.mark.parametrize("text", ["t\n", "t<end>"])
def test_after_white_space_or_a_special_token_the_bare_letter(tokenizer, text):
    assert letter_tokens(tokenizer, text, ["A", "B"]) == {"A": VOCABULARY["A"], "B": VOCABULARY["B"]}


def test_after_a_word_the_letter_with_its_space(tokenizer):
    assert letter_tokens(tokenizer, "t:", ["A", "B"]) == {"A": VOCABULARY["ĠA"], "B": VOCABULARY["ĠB"]}


def test_a_letter_of_two_tokens_is_refused(tokenizer):
    with pytest.raises(ModelError, match="'C' is not a single token"):
        letter_tokens(tokenizer, "t:", ["A", "C"])


def test_an_unknown_letter_is_refused(tokenizer):
    with pytest.raises(ModelError, match="'D' is not a single token"):
        letter_tokens(tokenizer, "t\n", ["A", "D"])
