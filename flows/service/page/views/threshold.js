// A live slider over the good parts' scores: what a threshold would stop, kept as a version, taken back with one click.
import { html, useState, useEffect } from "../vendor/preact-htm.js";
import { get, post, part as encoded } from "../api.js";
import { t, rate, score, when } from "../words.js";
import { Histogram } from "./pieces.js";

export function Threshold({ category, tell, trying }) {
  const [known, setKnown] = useState(null);
  const [versions, setVersions] = useState([]);
  const [tau, setTau] = useState(0);
  const [warn, setWarn] = useState(0);
  const [preview, setPreview] = useState(null);
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const path = `api/categories/${encoded(category)}`;

  const load = async () => {
    const [found, kept] = [await get(path), await get(`${path}/thresholds`)];
    setKnown(found); setVersions(kept); setTau(found.tau); setWarn(found.warn_tau);
  };
  useEffect(() => { if (category) trying(load); }, [category]);
  useEffect(() => {
    if (!known) return undefined;
    const timer = setTimeout(() => trying(async () => setPreview(await get(`${path}/thresholds/preview?tau=${tau}`))), 60);
    return () => clearTimeout(timer);
  }, [tau, known]);
  if (!known) return html`<h2>${t("threshold.title")}</h2><p>${t("fit.none")}</p>`;

  const top = Math.max(known.tau, ...known.good_scores, ...(preview?.confirmed_defect_scores ?? [])) * 1.2;
  const keep = async (event) => {
    event.preventDefault();
    const made = await trying(() => post(`${path}/thresholds`, { tau, warn_tau: Math.min(warn, tau), name, note }));
    if (made) { tell(t("threshold.kept", { id: made.id })); setName(""); setNote(""); await trying(load); }
  };
  const use = async (id) => {
    const made = await trying(() => post(`api/thresholds/${id}/switch`));
    if (made) { tell(t("threshold.switched", { id })); await trying(load); }
  };
  return html`
    <h2>${t("threshold.title")}</h2>
    <${Histogram} scores=${known.good_scores} marks=${[
      { name: t("col.threshold"), value: tau, colour: "--not_ok" }, { name: t("col.warn"), value: Math.min(warn, tau), colour: "--look", dashed: true }]} />
    <label>${t("threshold.slider")}<input id="tau" type="range" min="0" max=${top} step=${top / 500} value=${tau} onInput=${(e) => setTau(+e.target.value)} /></label>
    <label>${t("threshold.warn")}<input id="warn" type="range" min="0" max=${top} step=${top / 500} value=${Math.min(warn, tau)} onInput=${(e) => setWarn(+e.target.value)} /></label>
    ${preview && html`<div class="scroll"><table><tbody>
      <tr><th scope="row">${t("threshold.stopped")}</th><td id="stopped">${rate(preview.good_parts_stopped)}</td></tr>
      <tr><th scope="row">${t("threshold.good")}</th><td>${rate(preview.confirmed_good_stopped)}</td></tr>
      <tr><th scope="row">${t("threshold.missed")}</th><td id="missed">${rate(preview.confirmed_defects_passed)}</td></tr></tbody></table></div>`}
    <form class="row" onSubmit=${keep}>
      <label>${t("threshold.name")}<input id="name" required maxlength="255" value=${name} onInput=${(e) => setName(e.target.value)} /></label>
      <label>${t("threshold.note")}<input id="note" maxlength="2000" value=${note} onInput=${(e) => setNote(e.target.value)} /></label>
      <button class="main">${t("threshold.keep")}</button></form>
    <h3>${t("threshold.versions")}</h3>
    <div class="scroll" tabindex="0" role="group" aria-label=${t("threshold.versions")}><table><thead><tr>${["version", "name", "threshold", "warn", "expert", "by", "when", "action"].map((column) => html`<th scope="col">${t(`col.${column}`)}</th>`)}</tr></thead>
      <tbody>${versions.map((each) => html`<tr key=${each.id}><td>${each.id}</td><td>${each.name}${each.note && html` <span class="faint">${each.note}</span>`}</td>
        <td>${score(each.tau)}</td><td>${score(each.warn_tau)}</td><td>${each.expert_version} (${each.images})</td><td>${each.created_by}</td><td>${when(each.created_at)}</td>
        <td>${each.active ? html`<strong>${t("threshold.active")}</strong>` : html`<button data-switch=${each.id} onClick=${() => use(each.id)}>${t("threshold.use")}</button>`}</td></tr>`)}</tbody></table></div>`;
}
