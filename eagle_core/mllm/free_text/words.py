"""The words by which answers are announced, doubted and taken back, in the languages that MLLMs answer in."""

from __future__ import annotations

ANSWER = (
    r"(?:final |correct |right |best |my |revised |corrected )*answers?",
    r"ans",
    "antwort", "lösung", "réponse", "reponse", "respuesta", "risposta", "resposta", "antwoord", "odpowiedź(?: to)?", "odpověď(?: je)?",
    "svar(?:et)?(?: är| er)?", "vastaus(?: on)?", "válasz", "răspuns", "răspunsul", "cevap", "yanıt", "jawaban", "đáp án", "câu trả lời",
    "ответ", "відповідь", "απάντηση", "תשובה", "الإجابة", "उत्तर", "คำตอบ",
    "答案(?:应该|應該|应当|应|應)?", "回答", "正解", "答え", "解答", "정답", "답변", "답",
)  # fmt: skip
"""``Answer: B``, ``the answer is B``, ``答案是B``."""

CHOSEN = (
    r"(?:final |correct |right |best |appropriate |selected |chosen )+(?:choice|option|selection|letter)",
    "correction", "conclusion", "verdict", "decision", "final", "choice", "option", "selection", "prediction", "response", "result",
    "richtig(?:e option)? ist", "option correcte", "opción correcta", "opzione corretta", "opção correta", "正确选项", "选项",
)  # fmt: skip
"""Announce a letter where a colon or a copula follows: ``Conclusion: B``, ``the correct option is B``."""

COPULA = (
    "is", "was", "are", "should be", "must be", "ist", "lautet", "wäre", "est", "es", "è", "é", "e'", "jest", "là", "adalah",
    "это", "είναι", "是", "为", "為", "选", "選", "选择", "は", "은", "는", "です",
)  # fmt: skip

CHOOSING = (
    r"(?:i|we)(?: would| will|'ll|'d| have|)(?: therefore| thus|) (?:choose|chose|chosen|pick|picked|select|selected|go with|answer|vote for|opt for)",
    r"(?:i|we)(?: would|'d| still|) (?:say|think|believe)(?: that|)(?: it is| it's| it must be|)",
    "我认为(?:应该)?是", "我觉得是",
    "故选择?", "应选择?", "因此选择?", "所以选择?", "我选择?", "选择", "选",
)  # fmt: skip
"""Announce a letter that follows at once: ``I choose B``, ``故选B``."""

LETTER_WORDS = (
    "option", "options", "letter", "choice", "the", "la", "le", "l'", "el", "il", "die", "der", "opción", "opzione", "opção",
    "lettre", "lettera", "letra", "buchstabe", "选项", "選項", "选", "選", "選択肢", "보기",
)  # fmt: skip
"""May stand between the announcement and its letter."""

NEGATION = (
    r"not", r"\w+n['’]t", "cannot", "never", "neither", "nor", "no longer", "doubt", "wrong", "incorrect", "false", "deny", "unlikely",
    "nicht", "kein", "keine", "pas", "jamais", "nunca", "não", "non", "нет", "не", "niet", "不", "没", "非", "别", "ない", "않", "아니",
)  # fmt: skip
CONDITION = (
    "if", "when", "whether", "unless", "suppose", "supposing", "assuming", "would", "could", "might", "had", "were", "should",
    "some", "someone", "others", "why", "previous", "expert", "inspector", "hint", "says", "said", "claims", "suggests", "example", "their", "wenn", "falls", "ob", "si", "se", "caso", "если", "如果", "若", "假如", "假设", "要是", "もし", "만약", "是否", "为什么",
)  # fmt: skip
UNDECIDED = (
    "or", "either", "maybe", "perhaps", "possibly", "probably not", "between", "both", "oder", "vielleicht", "ou", "peut-être", "o", "ili", "или",
    "可能", "或", "或者", "还是", "也许", "または", "또는",
)  # fmt: skip
RECONSIDERED = (
    "wait", "actually", "hold on", "on second thoughts?", "scratch that", "let me reconsider", "let me rethink", "correction", "i was wrong",
    "my mistake", "i mean", "rather", "sorry", "hmm+", "oops", "moment mal", "doch", "attends", "espera", "等等", "等一下", "不对", "更正", "待って", "잠깐",
    "could also", "might also", "may also", "could be", "might be", "but also", "alternatively", "not sure", "unsure", "disagree", "not (?:the )?(?:right|correct)", "(?:this|that|which) (?:is|was) wrong", "uncertain", "也可能",
)  # fmt: skip
"""After an answer: it may no longer hold."""

CLAUSE_STARTERS = ("so", "therefore", "thus", "hence", "but", "because", "then", "consequently", "所以", "因此", "故", "也就是", "たがって")
"""What was denied before these was something else than the answer."""

ONE_OF_THE_VERBS = (
    "is", "was", "are", "would", "could", "can", "may", "might", "should", "must", "seems", "looks", "has", "fits", "and", "or", "because", "since", "as",
    "instead", "but", "if", "it", "there", "the", "this", "that", "due", "with", "which", "where", "for", "not", "here", "according", "in", "on", "given",
    "based", "describes", "matches", "means", "says", "applies", "wins",
)  # fmt: skip
"""After a capital A that stands for the option; before any other small word it is the article."""

PROVISO = (
    "only if", "if", "unless", "provided", "assuming", "according to", "in case", "wenn", "falls", "außer", "nur", "si", "se", "caso", "если", "如果", "若", "当", "もし",
)  # fmt: skip
"""Right after a letter: it holds only then."""

YES = ("yes", "ja", "oui", "sí", "si", "sim", "да", "tak", "evet", "是", "有", "はい", "예", "네", "true")
NO = ("no", "nein", "non", "não", "nao", "нет", "nie", "hayır", "否", "不是", "没有", "无", "無", "いいえ", "아니요", "false")
