// The newest part of the category: a large verdict, the image with map and boxes, and why.
import { html, useState, useEffect } from "../vendor/preact-htm.js";
import { get, send, part as encoded } from "../api.js";
import { t } from "../words.js";
import { Verdict, Opinion, Layers, Nearest, Histogram, Drop, why } from "./pieces.js";
import { Decide } from "./decide.js";

const EVERY_MS = 1000;

export function Now({ category, categories, tell, trying }) {
  const [part, setPart] = useState(null);
  const [known, setKnown] = useState(null);
  const [busy, setBusy] = useState(false);
  const ready = categories.some((each) => each.name === category && each.ready);

  const look = async () => {
    const [newest] = await get(`api/parts?limit=1&category=${encoded(category)}`);
    if (newest) setPart((old) => JSON.stringify(old) === JSON.stringify(newest) ? old : newest);
  };
  useEffect(() => {
    if (!category) return undefined;
    trying(look);
    const timer = setInterval(() => look().catch(() => {}), EVERY_MS);
    return () => clearInterval(timer);
  }, [category]);
  useEffect(() => {
    if (ready) trying(async () => setKnown(await get(`api/categories/${encoded(category)}`)));
  }, [category, ready, part?.threshold_version]);

  const judge = async (files) => {
    setBusy(true);
    tell("");
    for (const file of files) {
      const made = await trying(() => send(`api/categories/${encoded(category)}/parts`, file, crypto.randomUUID()));
      if (made) setPart(made);
    }
    setBusy(false);
  };
  if (!category) return html`<p>${t("choose")}</p>`;
  return html`
    <h2>${t("now.title")}</h2>
    ${part ? html`<section><${Verdict} verdict=${part.verdict} />
      <p id="why"><strong>${t("now.why")}:</strong> ${why(part, known?.good_scores)}</p>
      <${Opinion} part=${part} />
      <p class="faint">${part.file_name} · ${new Date(part.received_at).toLocaleString()} · ${t("seconds", { value: part.seconds.toFixed(2) })}</p>
      <div class="two"><${Layers} key=${part.id} part=${part} />
        <div><${Nearest} key=${part.id} part=${part} />
        ${known && html`<${Histogram} scores=${known.good_scores} marks=${[
          { name: t("col.threshold"), value: part.tau, colour: "--not_ok" },
          { name: t("col.warn"), value: part.warn_tau < part.tau ? part.warn_tau : null, colour: "--look", dashed: true },
          { name: t("now.title"), value: part.score, colour: "--accent" }]} />`}</div></div>
      <${Decide} key=${part.id} part=${part} tell=${tell} trying=${trying} done=${setPart} /></section>`
    : html`<section><p>${t("none.yet")}</p></section>`}
    <section><h3>${t("now.judge")}</h3>
    ${ready ? html`<${Drop} label=${t("now.drop")} take=${judge} busy=${busy} />` : html`<p>${t("fit.none")}</p>`}</section>`;
}
