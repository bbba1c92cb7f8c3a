// Words of the page in the user's language: i18n/<language>.json. A missing word is shown by its key.
const LANGUAGES = ["en", "de"];
const known = {};
export let language = localStorage.getItem("language") || (navigator.language || "en").slice(0, 2);
if (!LANGUAGES.includes(language)) language = "en";
export const languages = LANGUAGES;

export async function speak(name) {
  language = name;
  localStorage.setItem("language", name);
  document.documentElement.lang = name;
  known[name] ??= await (await fetch(`i18n/${name}.json`)).json();
}
export function t(key, values = {}) {
  const text = known[language]?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
const number = (value, digits) => value.toLocaleString(language, { maximumSignificantDigits: digits });
export const score = (value) => value === null || value === undefined ? "–" : number(value, 4);
export const percent = (value) => value === null || value === undefined ? "–" : `${(100 * value).toLocaleString(language, { maximumFractionDigits: 1 })} %`;
export const when = (text) => new Date(text).toLocaleString(language);
export function rate(found) {
  return found.total ? t("rate", { count: found.count, total: found.total, low: percent(found.low), high: percent(found.high) }) : t("rate.none");
}
