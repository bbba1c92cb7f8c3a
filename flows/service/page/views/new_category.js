// A new category from good images: what is odd about them at once, what so many can promise, the fit, the station runs.
import { html, useState } from "../vendor/preact-htm.js";
import { get, post, send, part as encoded } from "../api.js";
import { t, percent, rate } from "../words.js";
import { Drop, Progress, fitted } from "./pieces.js";

const ENOUGH = 99;

export function NewCategory({ tell, trying, refresh, choose }) {
  const [name, setName] = useState("");
  const [taken, setTaken] = useState(0);
  const [odd, setOdd] = useState([]);
  const [checked, setChecked] = useState(null);
  const [busy, setBusy] = useState(null);
  const [job, setJob] = useState(null);
  const [ready, setReady] = useState(null);
  const path = `api/categories/${encoded(name)}`;

  const take = async (files) => {
    tell("");
    let count = taken;
    const strange = [...odd];
    for (const [i, file] of files.entries()) {
      setBusy({ done: i, total: files.length, phase: file.name, state: "running" });
      const said = await trying(() => send(`${path}/images`, file));
      if (!said) break;
      count += said.added.length;
      strange.push(...said.repeated.map((each) => t("new.repeated", { name: each })), ...said.unreadable);
    }
    setBusy(null); setTaken(count); setOdd(strange);
    if (count) setChecked(await trying(() => get(`${path}/findings`)));
  };
  const fit = async () => {
    const asked = await trying(() => post(`${path}/fits`, { note: "new category" }));
    if (!asked) return;
    const ended = await trying(() => fitted(asked, get, setJob));
    setJob(null);
    if (!ended || ended.state === "failed") { tell(t("learn.failed", { message: ended?.message ?? "" }), true); return; }
    const known = await get(path);
    const preview = await get(`${path}/thresholds/preview?tau=${known.tau}`);
    await refresh();
    setReady(preview.good_parts_stopped);
  };
  if (ready) return html`<h2>${t("new.title")}</h2><p id="ready" class="told">${t("new.ready", { name, total: ready.total, stopped: rate(ready) })}</p>
    <button class="main" onClick=${() => { choose(name); location.hash = "#/now"; }}>${t("new.go")}</button>`;
  return html`
    <h2>${t("new.title")}</h2>
    <label>${t("new.name")}<input id="new-name" required maxlength="80" pattern="[A-Za-z0-9][A-Za-z0-9 _.\\-]*" value=${name} disabled=${taken > 0} onInput=${(e) => setName(e.target.value)} /></label>
    <${Drop} label=${t("new.drop")} take=${take} busy=${!name || busy || job} />
    ${busy && html`<${Progress} job=${busy} />`}
    ${taken > 0 && html`<p id="taken">${t("new.added", { count: taken })}</p>`}
    ${odd.length > 0 && html`<ul>${odd.map((each) => html`<li>${each}</li>`)}</ul>`}
    ${checked && html`<h3>${t("new.check")}</h3>${checked.length ? html`<ul id="findings">${checked.map((each) => html`<li>${each.image}: ${each.message}</li>`)}</ul>` : html`<p id="findings">${t("new.check.none")}</p>`}`}
    ${taken > 0 && taken < ENOUGH && html`<p>${t("new.few", { count: taken, rate: percent(1 / (taken + 1)) })}</p>`}
    ${taken > 0 && html`<button id="fit" class="main" disabled=${!!job || !!busy} onClick=${fit}>${t("new.fit")}</button>`}
    ${job && html`<${Progress} job=${job} />`}`;
}
