/** Asks the runtime for something. Resolves with its answer; rejects with what it says is wrong. */
export async function ask(place, value) {
  const response = await fetch(`/__nonsticky/${place}`, {
    ...(value === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(value) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/**
 * Feeds a model from the stream of events, and says after each part that something has changed, or whether it is live. A
 * browser comes back by itself, and asks for what it has missed.
 */
export function listen(model, { onChange, onLive }) {
  const source = new EventSource("/__nonsticky/events");
  source.addEventListener("hello", ({ data }) => {
    model.greet(JSON.parse(data));
    onLive(true);
    onChange();
  });
  source.addEventListener("dropped", ({ data }) => {
    model.missed += Number(data);
    onChange();
  });
  source.onmessage = ({ data }) => {
    model.take(JSON.parse(data));
    onChange();
  };
  source.onerror = () => onLive(false);
}
