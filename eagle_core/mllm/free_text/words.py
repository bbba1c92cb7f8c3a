"""The words by which answers are announced, doubted and taken back, in the languages that MLLMs answer in."""

from __future__ import annotations

ANSWER = (
    r"(?:final |correct |right |best |my |revised |corrected )*answers?",
    r"ans",
    "antwort", "lösung", "réponse", "reponse", "respuesta", "risposta", "resposta", "antwoord", "odpowiedź(?: to)?", "odpověď(?: je)?",
    "svar(?:et)?(?: är| er)?", "vastaus(?: on)?", "válasz", "răspuns", "răspunsul", "cevap", "yanıt", "jawaban", "đáp án", "câu trả lời",
    "ответ", "відповідь", "απάντηση", "תשובה", "الإجابة", "الجواب", "उत्तर", "คำตอบ", "ตอบ", "jawabannya",
    "答案(?:应该|應該|应当|应|應)?", "回答", "正解", "答え", "解答", "答", "정답", "답변", "답",
)  # fmt: skip
"""``Answer: B``, ``the answer is B``, ``答案是B``."""

BESIDE_ANSWER = (
    "corr?ect[aeo]?", "corretta", "correta", "juste", "đúng", "chính xác", "yang benar", "الصحيحة", "الصحيح", "ที่ถูกต้อง", "ที่ถูก", "הנכונה",
    r"(?:to|for|of) (?:the|this|your) question", r"(?:among|of|from) (?:the |these )?(?:given |listed |above )?(?:choices|options)",
)  # fmt: skip
"""May stand after these: ``the answer to the question is B``."""

CHOSEN = (
    r"(?:final |correct |right |best |appropriate |selected |chosen )+(?:choice|option|selection|letter)",
    "correction", "conclusion", "verdict", "decision", "final", "choice", "option", "selection", "prediction", "response", "result", "output", "selected(?: option)?", "chosen(?: option)?",
    "richtige (?:option|wahl)", "option correcte", "opción correcta", "la correcta", "opzione corretta", "opção correta", "alternativa correta", "right one", "correct one",
    "правильный вариант", "верный вариант", "正确选项", "正確選項", "最佳选项", "最佳選項", "正确的(?:选项|答案)?", "正確的(?:選項|答案)?", "选项", "選項",
)  # fmt: skip
"""Announce a letter where a colon or a copula follows: ``Conclusion: B``, ``the correct option is B``."""

COPULA = (
    "is", "was", "are", "should be", "must be", "has to be", "can only be", "would be", "ist", "lautet", "wäre", "est", "es", "è", r"é a(?=\s+\(?\w)", "é", "e'", "jest", "là", "adalah",
    "это", "είναι", "是", "为", "為", "选", "選", "选择", "選擇", "は", "은", "는", "です", "คือ", "هي", "هو", "היא", "הוא",
)  # fmt: skip
HYPOTHETICAL = ("would be", "wäre")
"""Of these: they announce an answer only where nothing else follows it in its sentence."""

CHOOSING = (
    r"(?:i|we)(?: would| will|'ll|'d| have|)(?: therefore| thus|) (?:choose|chose|chosen|pick|picked|select|selected|go with|answer|vote for|opt for)",
    r"(?:i|we)(?: would|'d| still|) (?:say|think|believe)(?: that|)(?: it is| it's| it must be|)",
    r"(?:the |my |final |correct )+answer['’]s", "richtig ist", "korrekt ist",
    "ich wähle", "je choisis", "elijo", "escojo", "selecciono", "scelgo", "escolho", "ik kies", "jag väljer", "wybieram", "я выбираю", "выбираю", "обираю", "saya memilih",
    "tôi chọn", "chọn", "ตอบ", "เลือก", "أختار",
    "我认为(?:应该)?是", "我觉得是", "我認為(?:應該)?是", "我覺得是",
    "故选择?", "应选择?", "因此选择?", "所以选择?", "我选择?", "选择", "选", "選擇", "選",
)  # fmt: skip
"""Announce a letter that follows at once: ``I choose B``, ``故选B``."""

LETTER_WORDS = (
    "option", "options", "letter", "choice", "the", "la", "le", "l'", "el", "il", "die", "der", "opción", "opzione", "opção",
    "lettre", "lettera", "letra", "buchstabe", "alternativa", "вариант", "варіант", "букву?", "pilihan", "opsi", "phương án", "lựa chọn", "ข้อ", "ตัวเลือก", "الخيار", "विकल्प",
    "选项", "選項", "选", "選", "選択肢", "보기", "선택지",
)  # fmt: skip
"""May stand between the announcement and its letter."""

NEGATION = (
    r"not", r"\w+n['’]t", "cannot", "never", "neither", "nor", "no longer", "doubt", "wrong", "incorrect", "false", "deny", "unlikely",
    "nicht", "kein", "keine", "pas", "jamais", "nunca", "não", "non", "нет", "не", "ні", "niet", "nie", "ne", "inte", "ikke", "ei", "değil",
    "không", "bukan", "tidak", "لا", "ليس", "ليست", "לא", "नहीं", "ไม่", "不", "没", "沒", "非", "别", "別", "ない", "않", "아니", "无法", "無法",
    "least", "worst", "rejected", "excluded", "eliminated", "discarded", "except", "exception", r"falsche?\w?", "mauvaise?", r"incorrect\w+", r"incorret\w+", "errad[ao]",
    r"equivocad\w+", r"sbagliat\w+", "errata", r"неправильн\w+", r"неверн\w+", r"ошибочн\w+", r"błędn\w+", r"niepoprawn\w+", r"nieprawidłow\w+", r"fel(?:aktig\w*)?",
    r"väärä\w*", r"nesprávn\w+", r"špatn\w+", "yanlış", "salah", "sai", "خاطئة", "الخاطئة", "गलत", "ผิด", "틀린", "오답", "間違", "誤", "误", "错", "錯",
    "foute?", "onjuiste?", "verkeerde?", "helytelen", "rossz", "λάθος",
)  # fmt: skip
CONDITION = (
    "if", "when", "whether", "unless", "suppose", "supposing", "assuming", "would", "could", "might", "had", "were", "should",
    "some", "someone", "others", "why", "previous", "expert", "inspector", "hint", "says", "said", "claims", "suggests", "example", "their", "wenn", "falls", "ob", "si", "se", "caso", "если", "如果", "若", "假如", "假设", "要是", "もし", "만약", "是否", "为什么",
)  # fmt: skip
UNDECIDED = (
    "or", "either", "maybe", "perhaps", "possibly", "probably not", "between", "both", "oder", "vielleicht", "ou", "peut-être", "o", "ili", "или",
    "lub", "hoặc", "atau", "veya", "หรือ", "أو", "או", "या", "可能", "或", "或者", "还是", "還是", "也许", "也許", "または", "또는",
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
