"use strict";
(function () {
  const holder = document.getElementById("scores");
  if (!holder) return;
  const all = JSON.parse(holder.textContent);
  for (const place of document.querySelectorAll(".slider")) {
    const data = all[place.dataset.number], range = place.querySelector("input"), list = place.querySelector(".named");
    let shown = null;
    const at = (tau) => ({ missed: data.defective.filter((each) => each.score < tau), alarms: data.good.filter((each) => each.score >= tau) });
    // The slider's steps are coarser than scores: where it was not moved, the run's own limit counts.
    const limit = () => (range.value === range.defaultValue ? data.tau : Number(range.value));
    function name(which) {
      list.hidden = which === null;
      list.replaceChildren(...(which === null ? [] : at(limit())[which]).map((each) => {
        const item = document.createElement("li"), card = document.getElementById(each.anchor);
        const text = each.image + " (score " + each.score.toPrecision(4) + ")";
        if (!card) { item.textContent = text + ", not in the gallery"; return item; }
        const link = document.createElement("a");
        link.href = "#" + each.anchor;
        link.textContent = text;
        link.addEventListener("click", () => { card.hidden = false; });
        item.append(link);
        return item;
      }));
    }
    function count() {
      const found = at(limit());
      place.querySelector(".limit").textContent = limit().toPrecision(4);
      place.querySelector(".missed").textContent = found.missed.length + " of " + data.defective.length + " defective images missed";
      place.querySelector(".alarms").textContent = found.alarms.length + " of " + data.good.length + " good images stopped";
      name(shown);
    }
    for (const which of ["missed", "alarms"]) {
      place.querySelector("." + which).addEventListener("click", () => { shown = shown === which ? null : which; name(shown); });
    }
    range.addEventListener("input", count);
    count();
  }
})();
