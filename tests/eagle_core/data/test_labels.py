"""Names of folders: normal, defective, or asked; a normal folder is never silently taken for a kind of defect."""

from __future__ import annotations

import pytest

from eagle_core.data.labels import label_of, says_defective

NORMAL = """good ok OK1 Good_02 i.O. iO PASSED Gutteile fehlerfrei unbeschädigt undamaged defect-free no_defects no_anomaly ohne_Fehler
sans_défaut sin-defectos senza_difetti без_дефектов buenas conformes godkänd dobre 良 良品 OK品 無不良 无缺陷 정상 годные accept nondefective"""
ASKED = """good_parts OK-Teile okparts good_from_monday test_ok Good_Images 0 1 02 negative positive true reference golden unknown images
良品画像 pass_images"""
DEFECTIVE = """scratch crack broken_large NG n.i.O. not_ok no_good non_conforme Ausschuss nicht_in_Ordnung 不良 不合格 NG品 1_bad abnormal
combined color gutter okra passivation fine_scratch structural_anomalies bent_lead cap_open"""


@pytest.mark.parametrize(("names", "label"), [(NORMAL, "normal"), (ASKED, None), (DEFECTIVE, "defective"), ("unlabelled Unlabeled", "unlabelled")])
def test_what_a_name_says(names: str, label: str | None) -> None:
    assert {name: label_of(name) for name in names.split()} == dict.fromkeys(names.split(), label)


def test_words_for_defective_images_in_general() -> None:
    assert all(map(says_defective, ("bad", "NG", "Ausschuss", "rejects", "不良品")))
    assert not any(map(says_defective, ("scratch", "good", "0")))
