// False alarms become good images: a new expert is fitted in the background, compared, and switched on by a person.
import { html, useState, useEffect } from "../vendor/preact-htm.js";
import { get, post, part as encoded } from "../api.js";
import { t, rate, score } from "../words.js";
import { Chip, Progress, fitted } from "./pieces.js";

export function Learn({ category, tell, trying, refresh }) {
  const [alarms, setAlarms] = useState(null);
  const [picked, setPicked] = useState({});
  const [job, setJob] = useState(null);
  const [offer, setOffer] = useState(null);
  const [former, setFormer] = useState(null);
  const path = `api/categories/${encoded(category)}`;

  const load = async () => {
    const found = (await get(`api/parts?category=${encoded(category)}&limit=500`))
      .filter((part) => part.review?.decision === "good" && part.verdict !== "ok" && part.verdict !== "not_judged");
    setAlarms(found);
    setPicked(Object.fromEntries(found.map((part) => [part.id, true])));
    const [newest] = await get(`${path}/thresholds`);
    const known = await get(path);
    setOffer(newest && newest.expert_version > known.expert_version ? { version: newest, compared: await get(`${path}/comparison?threshold=${newest.id}`) } : null);
  };
  useEffect(() => { if (category) trying(load); }, [category]);

  const learn = async () => {
    const ids = Object.keys(picked).filter((id) => picked[id]).map(Number);
    const asked = await trying(() => post(`${path}/fits`, { part_ids: ids, note: ids.map((id) => `part ${id}`).join(", ") }));
    if (!asked) return;
    const ended = await trying(() => fitted(asked, get, setJob));
    setJob(null);
    if (ended?.state === "failed") tell(t("learn.failed", { message: ended.message }), true);
    await trying(load);
  };
  const turn = async (id, word) => {
    const before = (await get(path)).threshold_version;
    if (await trying(() => post(`api/thresholds/${id}/switch`))) { setFormer(before); tell(t(word)); await trying(load); refresh(); }
  };
  const row = (label, name, shown) => html`<tr><th scope="row">${label}</th><td>${shown(offer.compared.now[name])}</td><td>${shown(offer.compared.other[name])}</td></tr>`;
  return html`
    <h2>${t("learn.title")}</h2><p>${t("learn.explain")}</p>
    ${alarms && !alarms.length && html`<p>${t("learn.empty")}</p>`}
    ${alarms?.length > 0 && html`<ul class="list">${alarms.map((part) => html`<li key=${part.id}><label class="row">
      <input type="checkbox" checked=${picked[part.id]} onChange=${(e) => setPicked({ ...picked, [part.id]: e.target.checked })} />
      <${Chip} verdict=${part.verdict} /> ${score(part.score)} <span class="faint">${part.file_name} ${part.review.reason}</span></label></li>`)}</ul>
      <button id="learn" class="main" disabled=${!!job || !Object.values(picked).some(Boolean)} onClick=${learn}>${t("learn.add")}</button>`}
    ${job && html`<${Progress} job=${job} />`}
    ${offer && html`<div class="card" id="offer"><p>${t("learn.ready")}</p>
      <div class="scroll"><table><thead><tr><th scope="col">${t("col.what")}</th><th scope="col">${t("col.now")}</th><th scope="col">${t("col.other")}</th></tr></thead><tbody>
        ${row(t("learn.images"), "images", (value) => value)}${row(t("learn.false"), "confirmed_good_stopped", rate)}${row(t("learn.missed"), "confirmed_defects_passed", rate)}
      </tbody></table></div><button id="switch" class="main" onClick=${() => turn(offer.version.id, "learn.switched")}>${t("learn.switch")}</button></div>`}
    ${former && html`<button id="back" onClick=${() => turn(former, "learn.returned")}>${t("learn.back")}</button>`}`;
}
