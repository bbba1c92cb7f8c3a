// The queue of parts to look at, filtered; one after the other.
import { html, useState, useEffect } from "../vendor/preact-htm.js";
import { get } from "../api.js";
import { t, score, when } from "../words.js";
import { Chip, Layers, Opinion, Nearest, Verdict, why } from "./pieces.js";
import { Decide } from "./decide.js";

const VERDICTS = ["", "not_ok", "look", "ok", "not_judged"];

export function Review({ category, tell, trying }) {
  const [found, setFound] = useState(null);
  const [chosen, setChosen] = useState(0);
  const [filter, setFilter] = useState({ verdict: "", unreviewed: true, since: "", reviewer: "" });

  const load = async () => {
    const query = new URLSearchParams({ category, limit: 100, unreviewed: filter.unreviewed });
    if (filter.verdict) query.set("verdict", filter.verdict);
    if (filter.reviewer) query.set("reviewer", filter.reviewer);
    if (filter.since) query.set("since", new Date(filter.since).toISOString());
    const parts = await trying(() => get(`api/parts?${query}`));
    if (parts) { setFound(parts); setChosen((now) => Math.min(now, Math.max(0, parts.length - 1))); }
  };
  useEffect(() => { if (category) load(); }, [category, JSON.stringify(filter)]);
  const change = (name, value) => setFilter({ ...filter, [name]: value });
  const part = found?.[chosen];
  return html`
    <h2>${t("review.title")}</h2>
    <div class="row">
      <label>${t("filter.verdict")}<select id="filter-verdict" value=${filter.verdict} onChange=${(e) => change("verdict", e.target.value)}>
        ${VERDICTS.map((name) => html`<option key=${name} value=${name}>${name ? t(`verdict.${name}`) : t("all")}</option>`)}</select></label>
      <label>${t("filter.since")}<input type="datetime-local" value=${filter.since} onChange=${(e) => change("since", e.target.value)} /></label>
      <label>${t("filter.reviewer")}<input value=${filter.reviewer} onChange=${(e) => change("reviewer", e.target.value)} /></label>
      <label><input id="waiting" type="checkbox" checked=${filter.unreviewed} onChange=${(e) => change("unreviewed", e.target.checked)} /> ${t("filter.waiting")}</label>
    </div>
    ${found && !found.length && html`<p id="empty">${t("review.empty")}</p>`}
    ${part && html`<div class="two">
      <div><${Verdict} verdict=${part.verdict} /><p>${why(part)}</p><${Opinion} part=${part} />
        <${Decide} key=${`decide ${part.id}`} part=${part} tell=${tell} trying=${trying} done=${load} />
        <${Layers} key=${part.id} part=${part} /><${Nearest} key=${`near ${part.id}`} part=${part} /></div>
      <ul class="list">${found.map((each, i) => html`<li key=${each.id}><button aria-pressed=${i === chosen} onClick=${() => setChosen(i)}>
        <${Chip} verdict=${each.verdict} /> ${score(each.score)} <span class="faint">${each.file_name} ${when(each.received_at)}</span></button></li>`)}</ul>
    </div>`}`;
}
