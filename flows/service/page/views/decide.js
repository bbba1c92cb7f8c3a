// What a person says about a part: one key each (c, o, u), with a reason.
import { html, useState, useLayoutEffect } from "../vendor/preact-htm.js";
import { post } from "../api.js";
import { t, when } from "../words.js";

export function Decide({ part, tell, trying, done }) {
  const [reason, setReason] = useState("");
  const [reviewer, setReviewer] = useState(localStorage.getItem("reviewer") || "");
  const said = part.verdict === "ok" ? "good" : "defective";
  const other = said === "good" ? "defective" : "good";
  const name = (event) => { setReviewer(event.target.value); localStorage.setItem("reviewer", event.target.value); };

  const decide = async (decision) => {
    const sent = { decision, reason, reviewer: reviewer || "operator" };
    const made = await trying(() => post(`api/parts/${part.id}/reviews`, sent));
    if (made) {
      tell(t("review.done", { id: part.id, what: t(`decision.${decision}`) }));
      setReason("");
      done(made);
    }
  };
  const choices = [
    ["c", said, t("review.confirm", { what: t(`review.${said}`) })],
    ["o", other, t("review.overrule", { what: t(`review.${other}`) })],
    ["u", "unsure", t("review.unsure")],
  ];
  // As soon as the buttons are there, not after they were painted: a key between the two would be lost.
  useLayoutEffect(() => {
    const key = (event) => {
      if (["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
      const chosen = choices.find(([letter]) => letter === event.key.toLowerCase());
      if (chosen) decide(chosen[1]);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  });
  return html`<div class="card">
    ${part.review && html`<p id="said">${t("review.said", { who: part.review.reviewer, what: t(`decision.${part.review.decision}`), when: when(part.review.at) })}${part.review.reason && `: ${part.review.reason}`}</p>`}
    <div class="row">${choices.map(([letter, decision, label]) => html`
      <button key=${letter} data-decision=${decision} aria-keyshortcuts=${letter} onClick=${() => decide(decision)}>${label} <kbd>${letter}</kbd></button>`)}</div>
    <div class="row"><label>${t("review.reason")}<input id="reason" maxlength="2000" value=${reason} onInput=${(e) => setReason(e.target.value)} /></label>
      <label>${t("review.reviewer")}<input id="reviewer" maxlength="255" value=${reviewer} onInput=${name} /></label></div></div>`;
}
