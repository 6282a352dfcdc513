// What the page asks of the sandbox. Everything that people do goes the same way as in the tests.

/** POST, and give the answer; what cannot be done throws with the reason. */
export async function post(path, body) {
  const form = body instanceof FormData;
  let response;
  try {
    response = await fetch(path, { method: "POST", body: form ? body : JSON.stringify(body) });
  } catch {
    throw new Error("The sandbox does not answer.");
  }
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(told.error ?? `The sandbox answered ${response.status}.`);
  return told;
}

/** Do something as a member; gives null, or what Slack would tell them went wrong. */
export async function act(deed, body) {
  try {
    const done = await post(`_control/${deed}`, body);
    return done.error ?? null;
  } catch (why) {
    return why.message;
  }
}

/** What the app offers for what a member has typed, as options of a picker; null where it did not answer. */
export async function suggested(body) {
  const done = await post("_control/suggest", body).catch((why) => ({ error: why.message }));
  return done.error ? null : done.options;
}

/** A file as the sandbox takes it: its name, and its bytes in base64. */
export function encoded(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, data: reader.result.slice(reader.result.indexOf(",") + 1) });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/**
 * Hear of everything that changes on a member's screen.
 * `hear(set, drop)`: values by name, and names that are gone. `standing(whether)`: the stream came or broke.
 * Gives a function that ends it.
 */
export function listen(member, face, hear, standing) {
  const query = new URLSearchParams(face ? { member, face } : { member });
  const stream = new EventSource(`page/events?${query}`);
  let first = true;
  stream.onopen = () => {
    first = true; // a new stream tells everything from the start
    standing(true);
  };
  stream.onerror = () => standing(false);
  stream.onmessage = (event) => {
    const news = JSON.parse(event.data);
    hear(news.set ?? {}, news.drop ?? [], first);
    first = false;
  };
  return () => stream.close();
}
