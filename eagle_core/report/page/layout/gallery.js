"use strict";
(function () {
  const cards = Array.from(document.querySelectorAll(".card"));
  const control = (name) => document.getElementById("filter-" + name);
  function outcomes(card, who) {
    for (const [name, value] of Object.entries(card.dataset)) {
      if (!name.startsWith("outcome")) continue;
      const cut = value.lastIndexOf("|");
      if (value.slice(0, cut) === who) return value.slice(cut + 1).split(" ");
    }
    return [];
  }
  function apply() {
    const who = control("who").value, outcome = control("outcome").value;
    const category = control("category").value, gate = control("gate").checked;
    let shown = 0;
    for (const card of cards) {
      const fits = (!outcome || outcomes(card, who).includes(outcome))
        && (!category || card.dataset.category === category)
        && (!gate || card.dataset.gate === "open");
      card.hidden = !fits;
      if (fits) shown += 1;
    }
    document.getElementById("shown").textContent = shown + " of " + cards.length + (cards.length === 1 ? " image" : " images");
  }
  document.getElementById("filters").addEventListener("input", apply);
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
