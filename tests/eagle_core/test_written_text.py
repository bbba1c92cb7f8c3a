"""Text columns come back as they were; what cannot be written is refused before it is."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eagle_core.errors import DataError
from eagle_core.written_text import check_text, write_csv

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@example(["a\rb", "\r", "\r\n", "\n", 'q"q', "a,b", " a ", "1"])
@given(st.lists(TEXT, min_size=1))
def test_text_columns_of_a_csv_file_come_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    write_csv(pd.DataFrame({"words": texts, "number": [n / 3 for n in range(len(texts))]}), path)
    read = pd.read_csv(path, keep_default_na=False, dtype={"words": str})
    assert read["words"].tolist() == texts
    assert read["number"].tolist() == pytest.approx([n / 3 for n in range(len(texts))])


def test_half_a_character_is_told_with_its_place() -> None:
    check_text("größe 3 \U0001f600", "here")
    with pytest.raises(DataError, match=r"^here: 'gr\\udcf6ne' holds half a character"):
        check_text("gr\udcf6ne", "here")
