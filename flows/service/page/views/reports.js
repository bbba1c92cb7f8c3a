// The pages of runs and experiments.
import { html, useState, useEffect } from "../vendor/preact-htm.js";
import { get } from "../api.js";
import { t } from "../words.js";

export function Reports({ trying }) {
  const [runs, setRuns] = useState(null);
  useEffect(() => { trying(async () => setRuns(await get("api/reports"))); }, []);
  return html`<h2>${t("reports.title")}</h2>
    ${runs && !runs.length && html`<p>${t("reports.empty")}</p>`}
    <ul class="list">${runs?.map((run) => html`<li key=${run}><a href=${`reports/${encodeURIComponent(run)}`} target="_blank" rel="noopener">${t("reports.open", { name: run })}</a></li>`)}</ul>`;
}
