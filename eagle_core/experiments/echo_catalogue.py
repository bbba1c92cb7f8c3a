"""Echo's experiments, on the question types that it kept of MMAD's seven (its section 4.1)."""

from __future__ import annotations

from eagle_core.experiments.experiment import Experiment, Variant

MODULES = ("reference", "knowledge", "reasoning")

ECHO_CATALOGUE = (
    Experiment("echo-table1", "What do Echo, EAGLE and both together add to the MLLM, by question type?"),
    Experiment(
        "echo-table2",
        "Which knowledge helps: none, all there is of the domain, or what the question needs?",
        tuple(
            Variant(label, {"echo.knowledge": value})
            for label, value in (("no knowledge", "none"), ("domain knowledge", "domain"), ("context-specific knowledge", "condensed"))
        ),
        outputs=("accuracy_by_novelty",),
    ),
    Experiment(
        "echo-table3",
        "What does each module of Echo contribute?",
        (
            Variant("all modules"),
            *(Variant(f"without {name}", {"echo.without": [name]}) for name in MODULES),
            Variant("without all", {"echo.without": list(MODULES)}),
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
    Experiment("echo-fig4", "How many questions of each type are asked?", outputs=("question_counts",)),
    Experiment(
        "echo-fig5",
        "Does the form of the question whether there is a defect matter: multiple choice, true or false, or open?",
        tuple(Variant(form.replace("_", " "), {"questions.form": form}) for form in ("multiple_choice", "true_false", "open")),
        outputs=("answer_counts",),
    ),
    Experiment(
        "echo-fig6",
        "How many references are best?",
        tuple(Variant(f"{n} references", {"echo.references": n}) for n in range(4)),
    ),
    Experiment(
        "echo-cases",
        "What does Echo show, know, ask and get answered? One case for each question type (Figs. 7 to 11)",
        outputs=("cases",),
    ),
    Experiment("echo-quality", "How much do blur, noise and low resolution cost? (section A.3)"),
    Experiment(
        "echo-unseen",
        "Are kinds of defects that the embedded MLLM never saw harder for it? (section A.3)",
        outputs=("accuracy_by_novelty",),
    ),
)
