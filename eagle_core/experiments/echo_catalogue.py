"""Echo's experiments, on MMAD's question types."""

from __future__ import annotations

from eagle_core.experiments.experiment import Experiment, Variant

ECHO_CATALOGUE = (
    Experiment("echo-table1", "What do Echo, EAGLE and both together add to the MLLM, by question type?"),
    Experiment(
        "echo-table2",
        "Which knowledge helps: none, all there is of the domain, or what the question needs?",
        tuple(
            Variant(label, {"echo.knowledge": value})
            for label, value in (("no knowledge", "none"), ("domain knowledge", "domain"), ("context-specific knowledge", "condensed"))
        ),
    ),
    Experiment(
        "echo-table3",
        "What does each module of Echo contribute?",
        (
            Variant("all modules"),
            *(Variant(f"without {name}", {"echo.without": [name]}) for name in ("reference", "knowledge", "reasoning")),
        ),
    ),
    Experiment(
        "echo-table4",
        "Does a retrieved reference help more than a random one, or none?",
        (
            Variant("0-shot", {"echo.references": 0}),
            Variant("random 1-shot", {"echo.references": 1, "echo.selection": "random"}),
            Variant("retrieved 1-shot", {"echo.references": 1, "echo.selection": "similar"}),
        ),
    ),
    Experiment(
        "echo-fig5",
        "Does the form of the question matter: multiple choice, or true and false?",
        tuple(Variant(form.replace("_", " "), {"questions.form": form}) for form in ("multiple_choice", "true_false")),
    ),
    Experiment(
        "echo-fig6",
        "How many references are best?",
        tuple(Variant(f"{n} references", {"echo.references": n}) for n in range(4)),
    ),
)
