// Talks to the service. Errors become one sentence; a 401 asks for the token, which the browser then keeps as a cookie.
export class Told extends Error {}

let askForToken = () => {};
export function onTokenNeeded(ask) { askForToken = ask; }
export const useToken = (token) => call("api/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });

export async function call(path, { method = "GET", json, body, headers = {} } = {}) {
  const sent = { ...headers };
  if (json !== undefined) { body = JSON.stringify(json); sent["Content-Type"] = "application/json"; }
  let answer;
  try { answer = await fetch(path, { method, body, headers: sent }); }
  catch { throw new Told("The station does not answer. Is it running?"); }
  if (answer.status === 401) askForToken();
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Told(typeof told.detail === "string" ? told.detail : `${answer.status}: ${JSON.stringify(told.detail ?? told)}`);
  }
  return answer;
}
export const get = async (path) => (await call(path)).json();
export const post = async (path, json) => (await call(path, { method: "POST", json })).json();

export async function send(path, file, key) {
  const headers = { "X-File-Name": encodeURIComponent(file.name), "Content-Type": file.type || "application/octet-stream" };
  if (key) headers["Idempotency-Key"] = key;
  return (await call(path, { method: "POST", body: file, headers })).json();
}
export const part = (path) => encodeURIComponent(path);
