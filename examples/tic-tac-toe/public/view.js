/** Puts what the server has told on the page. */

const element = (id) => document.getElementById(id);

/** What counts down, and until when by this page's own clock. */
let turnEndsAt = 0;
let awayUntil = {};

export function showLobby(games, sit) {
  const items = games.map(({ id, phase, names }) => {
    const item = document.createElement("li");
    const who = document.createElement("span");
    who.className = "names";
    who.textContent = phase === "waiting" ? `${names[0]} is waiting` : `${names.join(" plays ")}`;
    item.append(who);
    if (phase === "waiting") {
      const button = document.createElement("button");
      button.textContent = `Play ${names[0]}`;
      button.addEventListener("click", () => sit(id));
      item.append(button);
    }
    return item;
  });
  element("games").replaceChildren(...items);
  element("no-games").hidden = items.length > 0;
}

export function showGame(view, you, move) {
  const { cells, phase, players, turn, leftMs, result } = view;
  const now = Date.now();
  turnEndsAt = phase === "playing" ? now + leftMs : 0;
  awayUntil = {};
  for (const mark of ["X", "O"]) {
    const place = element(`player-${mark}`);
    const player = players[mark];
    place.classList.toggle("turn", phase === "playing" && turn === mark);
    place.querySelector(".who").textContent = player?.name ?? "…";
    place.querySelector(".note").textContent = player === undefined ? "" : mark === you ? "You" : "";
    if (player?.awayMs !== undefined) awayUntil[mark] = now + player.awayMs;
  }
  const mayMove = phase === "playing" && turn === you;
  const buttons = [...cells].map((mark, cell) => {
    const button = document.createElement("button");
    button.className = "cell";
    button.dataset.mark = mark;
    button.textContent = mark === " " ? "" : mark;
    button.ariaLabel = `Row ${Math.floor(cell / 3) + 1}, column ${(cell % 3) + 1}: ${mark === " " ? "free" : mark}`;
    button.disabled = !mayMove || mark !== " ";
    button.classList.toggle("line", result?.line?.includes(cell) ?? false);
    button.addEventListener("click", () => {
      button.classList.add("asked");
      move(cell);
    });
    return button;
  });
  element("board").replaceChildren(...buttons);
  element("headline").textContent = headline(view, you);
  element("clock").hidden = phase !== "playing";
  element("again").hidden = phase !== "over" || players.X === undefined || players.O === undefined;
  tick();
}

/** Several times a second: what is left of the move, and of the time that a seat is kept. */
export function tick() {
  const now = Date.now();
  const leftMs = Math.max(0, turnEndsAt - now);
  const { turnMs } = element("clock").dataset;
  element("clock").querySelector(".bar").style.transform =
    `scaleX(${Math.min(1, leftMs / Number(turnMs || 1))})`;
  element("clock").querySelector(".left").textContent = `${Math.ceil(leftMs / 1000)} s`;
  for (const [mark, until] of Object.entries(awayUntil)) {
    const seconds = Math.max(0, Math.ceil((until - now) / 1000));
    element(`player-${mark}`).querySelector(".note").textContent = `Away, ${seconds} s left`;
  }
}

function headline({ phase, players, turn, result }, you) {
  if (phase === "waiting") return "Waiting for somebody to sit down";
  if (phase === "playing")
    return turn === you ? "Your move" : `${players[turn]?.name ?? "Nobody"} is thinking`;
  if (result.how === "draw") return "Nobody wins";
  const why = { line: "", time: ": time is up", left: ": the other one has left" }[result.how];
  return result.winner === you ? `You win${why}` : `You lose${result.how === "time" ? ": time is up" : ""}`;
}
